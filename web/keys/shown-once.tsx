import { Button } from '../parts/button.tsx'
import { CodeBlock } from '../parts/code-block.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Notice } from '../parts/notice.tsx'

/** Shows a key this once. */
export const ShownOnce = ({ secret, onClose }: { secret: string; onClose: () => void }) => (
  <Dialog title="The key" onClose={onClose}>
    <p>
      Send it as <code>Authorization: Bearer</code>, or as <code>x-api-key</code>. It belongs in a
      server’s settings, not in a page.
    </p>
    <CodeBlock code={secret} label="key" />
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
