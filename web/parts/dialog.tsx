import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { Button } from './button.tsx'
import { Notice } from './notice.tsx'

/** Asks in front of everything else; Escape closes it. It is in the page only while it is open. */
export const Dialog = ({
  title,
  isWide,
  onClose,
  children,
}: {
  title: string
  isWide?: boolean
  onClose: () => void
  children: ComponentChildren
}) => {
  const ref = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  useEffect(() => {
    const dialog = ref.current
    const before = document.activeElement
    dialog?.showModal()
    return () => {
      dialog?.close()
      // Who came by keyboard goes on from there.
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={ref}
      class={isWide ? 'dialog is-wide' : 'dialog'}
      aria-labelledby={titleId}
      onCancel={onClose}
    >
      <h2 id={titleId}>{title}</h2>
      {children}
    </dialog>
  )
}

/** Asks before something that costs or can't be undone. Stays open with the reason when `onConfirm` rejects. */
export const ConfirmDialog = ({
  title,
  confirm,
  isDanger,
  isReady = true,
  onConfirm,
  onClose,
  children,
}: {
  title: string
  /** What the button says: the deed itself, as in "Pay again". */
  confirm: string
  isDanger?: boolean
  isReady?: boolean
  onConfirm: () => Promise<unknown>
  onClose: () => void
  children: ComponentChildren
}) => {
  const [problem, setProblem] = useState<string>()
  const [isBusy, setIsBusy] = useState(false)
  const act = async () => {
    setIsBusy(true)
    await onConfirm().then(onClose, (error: Error) => setProblem(error.message))
    setIsBusy(false)
  }
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      {problem && <Notice tone="bad">{problem}</Notice>}
      <div class="dialog-actions">
        <Button onClick={onClose}>Back</Button>
        <Button
          kind={isDanger ? 'danger' : 'primary'}
          isBusy={isBusy}
          disabled={!isReady}
          onClick={act}
        >
          {confirm}
        </Button>
      </div>
    </Dialog>
  )
}
