import { ShownOnce } from '../parts/shown-once.tsx'

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
  <ShownOnce title="The signing secret" label="secret" secret={secret} onClose={onClose}>
    Check every webhook with it, by a library of{' '}
    <a href="https://www.standardwebhooks.com" target="_blank" rel="noopener noreferrer">
      Standard Webhooks
    </a>
    .{isRotated && ' The one before signs besides for 24 hours, so that nothing is lost meanwhile.'}
  </ShownOnce>
)
