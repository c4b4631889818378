import type { Webhook } from '../../src/contract/webhook.ts'
import { Badge } from '../parts/badge.tsx'
import { formatMoment } from '../parts/format.ts'

const reasons = {
  gone: 'It answered 410 Gone.',
  failing: 'Nothing has reached it for days.',
}

/** Whether an endpoint is enabled, and how its deliveries go. */
export const EndpointBadge = ({ endpoint }: { endpoint: Webhook }) => {
  const { isEnabled, disabledReason, failingSince } = endpoint
  if (!isEnabled && disabledReason) {
    return (
      <Badge tone="bad" icon="warning" title={reasons[disabledReason]}>
        disabled: {disabledReason}
      </Badge>
    )
  }
  if (!isEnabled) return <Badge icon="stop">disabled</Badge>
  if (failingSince) {
    return (
      <Badge
        tone="warn"
        icon="warning"
        title={`Every attempt has failed since ${formatMoment(failingSince)}.`}
      >
        failing
      </Badge>
    )
  }
  return (
    <Badge tone="good" icon="check">
      enabled
    </Badge>
  )
}
