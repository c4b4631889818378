import { useState } from 'preact/hooks'
import type { ReceiptLink } from '../../src/contract/receipt.ts'
import { callApi } from '../api.ts'
import { Button } from '../parts/button.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { SelectField, TextField } from '../parts/field.tsx'
import { formatMoment } from '../parts/format.ts'
import { Notice } from '../parts/notice.tsx'

const DAY_SECONDS = 86_400
const periods = [1, 7, 30].map((days) => ({
  value: String(days * DAY_SECONDS),
  name: days === 1 ? 'a day' : `${days} days`,
}))

/** Makes a link that shows the receipt to whoever has it. */
export const ShareDialog = ({ id, onClose }: { id: string; onClose: () => void }) => {
  const [seconds, setSeconds] = useState(String(7 * DAY_SECONDS))
  const [link, setLink] = useState<ReceiptLink>()
  const [problem, setProblem] = useState<string>()
  const [isBusy, setIsBusy] = useState(false)
  const make = async () => {
    setIsBusy(true)
    setProblem(undefined)
    const body = { expiresInSeconds: Number(seconds) }
    await callApi<ReceiptLink>(`/api/images/${id}/receipt/link`, { method: 'POST', body }).then(
      setLink,
      (error: Error) => setProblem(error.message),
    )
    setIsBusy(false)
  }
  return (
    <Dialog title="Share this receipt" onClose={onClose}>
      <p>
        Whoever has the link sees the picture, its prompt, and what was paid and saved. No owner, no
        other image, and nobody who asked for it.
      </p>
      {problem && <Notice tone="bad">{problem}</Notice>}
      {link ? (
        <>
          <TextField label="Link" value={link.url} onChange={() => {}} />
          <p class="muted">Good until {formatMoment(link.expiresAt)}.</p>
        </>
      ) : (
        <SelectField label="Good for" value={seconds} onChange={setSeconds} options={periods} />
      )}
      <div class="dialog-actions">
        <Button onClick={onClose}>Close</Button>
        {link ? (
          <CopyButton text={link.url} name="Copy link" />
        ) : (
          <Button kind="primary" isBusy={isBusy} onClick={make}>
            Make the link
          </Button>
        )}
      </div>
    </Dialog>
  )
}
