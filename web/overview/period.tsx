import { useState } from 'preact/hooks'
import { Button } from '../parts/button.tsx'
import { TextField } from '../parts/field.tsx'
import { Segments } from '../parts/segments.tsx'

/** The days that figures are of, as the API's query has them. */
export type Period = { days: string; from: string; to: string }

const CUSTOM = 'custom'

const segments = [
  { value: '7', name: '7 days' },
  { value: '30', name: '30 days' },
  { value: CUSTOM, name: 'Custom' },
]

export const parsePeriod = ({ days = '7', from = '', to = '' }: Record<string, string>): Period =>
  from && to ? { days: '', from, to } : { days, from: '', to: '' }

export const formatPeriod = ({ days, from, to }: Period): string =>
  String(new URLSearchParams(from && to ? { from, to } : { days }))

export const describePeriod = ({ days, from, to }: Period): string =>
  from && to ? `${from} to ${to}` : `the last ${days} days`

/** Seven days, thirty, or those of one's own. */
export const PeriodPicker = ({
  period,
  onChange,
}: {
  period: Period
  onChange: (period: Period) => void
}) => {
  const [isCustom, setIsCustom] = useState(period.days === '')
  const today = new Date().toISOString().slice(0, 10)
  const [from, setFrom] = useState(period.from || today)
  const [to, setTo] = useState(period.to || today)
  const choose = (days: string) => {
    setIsCustom(days === CUSTOM)
    if (days !== CUSTOM) onChange({ days, from: '', to: '' })
  }
  const submit = (event: Event) => {
    event.preventDefault()
    onChange({ days: '', from, to })
  }
  return (
    <>
      <Segments
        label="Period"
        value={isCustom ? CUSTOM : period.days}
        segments={segments}
        onChange={choose}
      />
      {isCustom && (
        <form class="row period" onSubmit={submit}>
          <TextField label="From" type="date" value={from} onChange={setFrom} required />
          <TextField label="To" type="date" value={to} onChange={setTo} required />
          <Button type="submit">Show</Button>
        </form>
      )}
    </>
  )
}
