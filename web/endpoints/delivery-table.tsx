import type { WebhookDelivery } from '../../src/contract/webhook.ts'
import { Button } from '../parts/button.tsx'
import { formatAgo, formatCount } from '../parts/format.ts'
import { Table } from '../parts/table.tsx'
import { Time } from '../parts/time.tsx'
import { DeliveryBadge } from './delivery-badge.tsx'

export const DeliveryTable = ({
  rows,
  isEnabled,
  onOpen,
  onRedeliver,
}: {
  rows: readonly WebhookDelivery[]
  isEnabled: boolean
  onOpen: (id: string) => void
  onRedeliver: (id: string) => void
}) => (
  <Table
    caption="Deliveries, newest first"
    rows={rows}
    keyOf={({ id }) => id}
    columns={[
      { name: 'Event', isTitle: true, cell: ({ type }) => <code>{type}</code> },
      { name: 'Status', cell: ({ status }) => <DeliveryBadge status={status} /> },
      { name: 'Of', cell: (row) => <Subject row={row} /> },
      { name: 'Failures', isNumber: true, cell: ({ failures }) => formatCount(failures) },
      {
        name: 'Next attempt',
        cell: ({ nextAttemptAt }) => formatNext(nextAttemptAt),
      },
      { name: 'Made', cell: ({ createdAt }) => <Time at={createdAt} /> },
      {
        name: 'Action',
        cell: ({ id, type }) => (
          <span class="row">
            <Button isSmall label={`Attempts of ${type} ${id}`} onClick={() => onOpen(id)}>
              Attempts
            </Button>
            <Button
              isSmall
              icon="again"
              disabled={!isEnabled}
              label={`Redeliver ${type} ${id}`}
              onClick={() => onRedeliver(id)}
            >
              Redeliver
            </Button>
          </span>
        ),
      },
    ]}
  />
)

const SOON_MS = 10_000

const formatNext = (at: string | undefined): string => {
  if (!at) return '–'
  return Date.parse(at) - Date.now() < SOON_MS ? 'now' : formatAgo(at)
}

const Subject = ({ row: { generationId, itemId } }: { row: WebhookDelivery }) => {
  if (!generationId) return '–'
  return (
    <a class="cut" href={`/generations/${generationId}`} title={generationId}>
      {itemId ?? generationId}
    </a>
  )
}
