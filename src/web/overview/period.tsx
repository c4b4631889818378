import { useState } from 'preact/hooks'
import { Button } from '../parts/button.tsx'
import { TextField } from '../parts/field.tsx'

/** The days that figures are of, as the API's query has them. */
export type Period = { days: string; from: string; to: string }

const PRESETS = ['7', '30']

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
  return (
    <fieldset class="row period">
      <legend class="visually-hidden">Period</legend>
      <div class="segments">
        {PRESETS.map((days) => (
          <button
            key={days}
            type="button"
            aria-pressed={!isCustom && period.days === days}
            onClick={() => {
              setIsCustom(false)
              onChange({ days, from: '', to: '' })
            }}
          >
            {days} days
          </button>
        ))}
        <button type="button" aria-pressed={isCustom} onClick={() => setIsCustom(true)}>
          Custom
        </button>
      </div>
      {isCustom && (
        <form
          class="row period-days"
          onSubmit={(event) => {
            event.preventDefault()
            onChange({ days: '', from, to })
          }}
        >
          <TextField label="From" type="date" value={from} onChange={setFrom} required />
          <TextField label="To" type="date" value={to} onChange={setTo} required />
          <Button type="submit">Show</Button>
        </form>
      )}
    </fieldset>
  )
}
