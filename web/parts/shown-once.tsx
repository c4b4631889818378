import type { ComponentChildren } from 'preact'
import { Button } from './button.tsx'
import { CodeBlock } from './code-block.tsx'
import { Dialog } from './dialog.tsx'
import { Notice } from './notice.tsx'

type Props = {
  title: string
  /** What it is called where it is copied. */
  label: string
  secret: string
  /** What it is for. */
  children: ComponentChildren
  onClose: () => void
}

/** Shows a secret this once. */
export const ShownOnce = ({ title, label, secret, children, onClose }: Props) => (
  <Dialog title={title} onClose={onClose}>
    <p>{children}</p>
    <CodeBlock code={secret} label={label} />
    <div class="secret-note">
      <Notice tone="warn">Copy it now: it is shown only this once.</Notice>
    </div>
    <div class="dialog-actions">
      <Button kind="primary" onClick={onClose}>
        I have kept it
      </Button>
    </div>
  </Dialog>
)
