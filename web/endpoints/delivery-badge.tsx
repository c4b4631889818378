import type { WebhookDelivery } from '../../src/contract/webhook.ts'
import { Badge } from '../parts/badge.tsx'

const looks = {
  pending: { tone: 'warn', icon: 'clock' },
  delivered: { tone: 'good', icon: 'check' },
  failed: { tone: 'bad', icon: 'warning' },
} as const

export const DeliveryBadge = ({ status }: Pick<WebhookDelivery, 'status'>) => (
  <Badge {...looks[status]}>{status}</Badge>
)
