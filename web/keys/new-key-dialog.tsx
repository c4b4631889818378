import { ShownOnce } from '../parts/shown-once.tsx'

/** Shows a key this once. */
export const NewKeyDialog = ({ secret, onClose }: { secret: string; onClose: () => void }) => (
  <ShownOnce title="The key" label="key" secret={secret} onClose={onClose}>
    Send it as <code>Authorization: Bearer</code>, or as <code>x-api-key</code>. It belongs in a
    server’s settings, not in a page.
  </ShownOnce>
)
