import type { Webhook } from '../../src/contract/webhook.ts'
import { Badge } from '../parts/badge.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { Time } from '../parts/time.tsx'
import { EndpointBadge } from './endpoint-badge.tsx'

export const EndpointTable = ({
  rows,
  hasOwners,
}: {
  rows: readonly Webhook[]
  hasOwners: boolean
}) => (
  <Table
    caption="Endpoints, newest first"
    rows={rows}
    keyOf={({ id }) => id}
    columns={[
      {
        name: 'Endpoint',
        isTitle: true,
        cell: ({ id, url, description }) => (
          <a class="endpoint-cell" href={`/webhooks/${id}`}>
            <strong>{url}</strong>
            {description && <span>{description}</span>}
          </a>
        ),
      },
      { name: 'State', cell: (row) => <EndpointBadge endpoint={row} /> },
      { name: 'Events', cell: ({ events }) => <EventBadges events={events} /> },
      ...(hasOwners ? [ownerColumn] : []),
      { name: 'Added', cell: ({ createdAt }) => <Time at={createdAt} /> },
    ]}
  />
)

export const EventBadges = ({ events }: Pick<Webhook, 'events'>) => (
  <span class="badges">
    {events.map((event) => (
      <Badge key={event}>{event}</Badge>
    ))}
  </span>
)

const ownerColumn: Column<Webhook> = {
  name: 'Owner',
  cell: ({ ownerId, source }) =>
    source ? (
      <Badge title="Registered by a hook source">source: {source}</Badge>
    ) : (
      <span class="cut">{ownerId}</span>
    ),
}
