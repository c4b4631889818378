import type { WebhookAttempt, WebhookDelivery } from '../../src/contract/webhook.ts'
import { Badge } from '../parts/badge.tsx'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { formatDuration, formatMoment } from '../parts/format.ts'
import { Notice } from '../parts/notice.tsx'
import { useResource } from '../use-resource.ts'
import { DeliveryBadge } from './delivery-badge.tsx'

const REFRESH_MS = 2_000

/** One delivery, with every attempt to hand it over. */
export const DeliveryDialog = ({
  endpointId,
  deliveryId,
  onRedeliver,
  onClose,
}: {
  endpointId: string
  deliveryId: string
  /** Absent while the endpoint is disabled. */
  onRedeliver: ((id: string) => Promise<void>) | undefined
  onClose: () => void
}) => {
  const path = `/api/webhooks/${endpointId}/deliveries/${deliveryId}`
  const { value: delivery, error, reload } = useResource<WebhookDelivery>(path, REFRESH_MS)
  return (
    <Dialog title={delivery?.type ?? 'Delivery'} isWide onClose={onClose}>
      {error && <Notice tone="bad">{error.message}</Notice>}
      {delivery && (
        <>
          <dl class="facts">
            <dt>Status</dt>
            <dd>
              <DeliveryBadge status={delivery.status} />
            </dd>
            <dt>webhook-id</dt>
            <dd>
              <code>{delivery.id}</code>
            </dd>
            {delivery.nextAttemptAt && (
              <>
                <dt>Next attempt</dt>
                <dd>{formatMoment(delivery.nextAttemptAt)}</dd>
              </>
            )}
          </dl>
          <Attempts attempts={delivery.attempts ?? []} />
        </>
      )}
      <div class="dialog-actions">
        <Button
          icon="again"
          disabled={!onRedeliver}
          onClick={() => onRedeliver?.(deliveryId).then(reload)}
        >
          Redeliver
        </Button>
        <Button onClick={onClose}>Close</Button>
      </div>
    </Dialog>
  )
}

const Attempts = ({ attempts }: { attempts: readonly WebhookAttempt[] }) => {
  if (attempts.length === 0) return <p class="muted attempts">It was not tried yet.</p>
  return (
    <ol class="attempts" aria-label="Attempts, newest first">
      {attempts.map((attempt) => (
        <li key={attempt.startedAt}>
          <span class="badges">
            <Badge tone={attempt.error === undefined ? 'good' : 'bad'}>
              {attempt.statusCode ?? 'no answer'}
            </Badge>
            <span>{formatMoment(attempt.startedAt)}</span>
            <span class="muted">after {formatDuration(attempt.durationMs)}</span>
          </span>
          {attempt.error !== undefined && <p class="tone-bad">{attempt.error}</p>}
          {attempt.answer && (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
            <pre tabIndex={0}>{attempt.answer}</pre>
          )}
        </li>
      ))}
    </ol>
  )
}
