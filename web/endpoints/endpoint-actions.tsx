import { useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import type { Webhook } from '../../src/contract/webhook.ts'
import { Button } from '../parts/button.tsx'
import { ConfirmDialog } from '../parts/dialog.tsx'
import { useToast } from '../parts/toast.tsx'
import { useSession } from '../session-context.ts'
import { changeEndpoint, deleteEndpoint, rotateSecret } from './calls.ts'
import { EndpointDialog } from './endpoint-dialog.tsx'
import { SecretDialog } from './secret-dialog.tsx'

type Question = 'change' | 'rotate' | 'delete'

/** What can be done to an endpoint. Only its owner gets a new secret of it to see. */
export const EndpointActions = ({
  endpoint,
  onChanged,
}: {
  endpoint: Webhook
  onChanged: () => void
}) => {
  const { id, isEnabled } = endpoint
  const isOwn = useSession().ownerId === endpoint.ownerId
  const { route } = useLocation()
  const showToast = useToast()
  const [asking, setAsking] = useState<Question>()
  const [secret, setSecret] = useState<string>()
  const close = () => setAsking(undefined)

  const toggle = async () => {
    await changeEndpoint(id, { isEnabled: !isEnabled }).then(
      () =>
        showToast(isEnabled ? 'It receives nothing from now on.' : 'It receives messages again.'),
      (error: Error) => showToast(error.message, 'bad'),
    )
    onChanged()
  }
  const rotate = async () => {
    setSecret((await rotateSecret(id)).secret)
    onChanged()
  }
  const remove = async () => {
    await deleteEndpoint(id)
    showToast('The endpoint is deleted.')
    route('/webhooks', true)
  }

  return (
    <>
      <Button icon="edit" onClick={() => setAsking('change')}>
        Edit
      </Button>
      <Button icon={isEnabled ? 'stop' : 'check'} onClick={toggle}>
        {isEnabled ? 'Disable' : 'Enable'}
      </Button>
      {isOwn && (
        <Button icon="key" onClick={() => setAsking('rotate')}>
          Rotate secret…
        </Button>
      )}
      <Button kind="danger" icon="trash" onClick={() => setAsking('delete')}>
        Delete…
      </Button>
      {asking === 'change' && (
        <EndpointDialog
          endpoint={endpoint}
          onSave={(input) => changeEndpoint(id, input).then(onChanged)}
          onClose={close}
        />
      )}
      {asking === 'rotate' && (
        <ConfirmDialog
          title="Make a new secret?"
          confirm="Make it"
          onConfirm={rotate}
          onClose={close}
        >
          <p>
            Webhooks are signed under the new and the old secret for 24 hours, then under the new
            one alone.
          </p>
        </ConfirmDialog>
      )}
      {asking === 'delete' && (
        <ConfirmDialog
          title="Delete this endpoint?"
          confirm="Delete it"
          isDanger
          onConfirm={remove}
          onClose={close}
        >
          <p>Its deliveries go with it, and what has not been delivered never is.</p>
        </ConfirmDialog>
      )}
      {secret && <SecretDialog secret={secret} isRotated onClose={() => setSecret(undefined)} />}
    </>
  )
}
