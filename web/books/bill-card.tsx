import { useState } from 'preact/hooks'
import { Card } from '../parts/card.tsx'
import { Checkbox } from '../parts/checkbox.tsx'
import { Icon } from '../parts/icon.tsx'
import { Notice } from '../parts/notice.tsx'
import { compareBill } from './compare-bill.ts'

/** Takes a bill and has it compared. */
export const BillCard = ({ onCompared }: { onCompared: () => void }) => {
  const [isComparing, setIsComparing] = useState(false)
  const [isToSettle, setIsToSettle] = useState(false)
  const [problem, setProblem] = useState<string>()
  const compare = async (file: File | undefined) => {
    if (!file) return
    setIsComparing(true)
    setProblem(undefined)
    await compareBill(file, { isToSettle }).then(onCompared, (error: Error) =>
      setProblem(error.message),
    )
    setIsComparing(false)
  }
  return (
    <Card
      title="Compare a bill"
      actions={
        <label class="button button-primary file-button" aria-busy={isComparing}>
          <Icon name={isComparing ? 'spinner' : 'upload'} />
          {isComparing ? 'Comparing…' : 'Choose a bill'}
          <input
            class="visually-hidden"
            type="file"
            aria-label="Choose a bill"
            accept="text/csv,.csv"
            disabled={isComparing}
            onChange={({ currentTarget }) => {
              void compare(currentTarget.files?.[0])
              currentTarget.value = ''
            }}
          />
        </label>
      }
    >
      {problem && <Notice tone="bad">{problem}</Notice>}
      <p>A CSV as Google or OpenAI exports it, or one with a row for each call.</p>
      <Checkbox
        label="Settle calls of unknown cost"
        hint="Those that were cut off or lost are booked at what the bill says of them. Calls of known cost are never changed."
        isChecked={isToSettle}
        onChange={setIsToSettle}
      />
    </Card>
  )
}
