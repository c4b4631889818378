import { Button } from '../parts/button.tsx'
import { CodeBlock } from '../parts/code-block.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Notice } from '../parts/notice.tsx'

/** Shows a secret this once. */
export const SecretDialog = ({
  secret,
  isRotated,
  onClose,
}: {
  secret: string
  isRotated?: boolean
  onClose: () => void
}) => (
  <Dialog title="The signing secret" onClose={onClose}>
    <p>
      Check every webhook with it, by a library of{' '}
      <a href="https://www.standardwebhooks.com" target="_blank" rel="noopener noreferrer">
        Standard Webhooks
      </a>
      .
      {isRotated &&
        ' The one before signs besides for 24 hours, so that nothing is lost meanwhile.'}
    </p>
    <CodeBlock code={secret} label="secret" />
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
