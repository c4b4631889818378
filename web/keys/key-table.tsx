import type { Key } from '../../src/contract/key.ts'
import { Badge } from '../parts/badge.tsx'
import { Button } from '../parts/button.tsx'
import { formatMoment } from '../parts/format.ts'
import { Table } from '../parts/table.tsx'
import { Time } from '../parts/time.tsx'

const looks = {
  active: { tone: 'good', icon: 'check' },
  expired: { tone: 'warn', icon: 'clock' },
  revoked: { tone: 'bad', icon: 'stop' },
} as const

export const KeyTable = ({
  rows,
  onRevoke,
}: {
  rows: readonly Key[]
  onRevoke: (key: Key) => void
}) => (
  <Table
    caption="Keys, newest first"
    rows={rows}
    keyOf={({ id }) => id}
    columns={[
      { name: 'Key', isTitle: true, cell: (row) => <Name row={row} /> },
      { name: 'Status', cell: ({ status }) => <Badge {...looks[status]}>{status}</Badge> },
      { name: 'Owner', cell: (row) => <Owner row={row} /> },
      { name: 'Scopes', cell: ({ scopes }) => scopes.join(', ') },
      { name: 'Bounds', cell: (row) => describeBounds(row) },
      {
        name: 'Last used',
        cell: ({ lastUsedAt }) => (lastUsedAt ? <Time at={lastUsedAt} /> : '–'),
      },
      { name: 'Ends', cell: ({ expiresAt }) => (expiresAt ? formatMoment(expiresAt) : '–') },
      {
        name: 'Action',
        cell: (row) =>
          row.status === 'active' && (
            <Button isSmall icon="stop" label={`Revoke ${row.name}`} onClick={() => onRevoke(row)}>
              Revoke…
            </Button>
          ),
      },
    ]}
  />
)

const Name = ({ row: { name, prefix, createdBy } }: { row: Key }) => (
  <span class="key-cell">
    <strong>{name}</strong>
    <span>
      <code>{prefix}…</code> by {createdBy}
    </span>
  </span>
)

const Owner = ({ row: { ownerId, namespace } }: { row: Key }) => (
  <>
    {ownerId ?? 'each request’s'}
    {namespace && <span class="muted"> in {namespace}</span>}
  </>
)

const describeBounds = (key: Key): string => {
  const { models, sizes, lanes, origins, perMinute, variants, eagerTier, upstreamKeys } = key
  const lists = [models, sizes, lanes, origins].flatMap((list) => list?.join(', ') ?? [])
  const all = [
    ...lists,
    ...(perMinute === undefined ? [] : [`${perMinute} a minute`]),
    ...(variants === 'parallel' ? ['parallel variants'] : []),
    ...(eagerTier ? [`eager at ${eagerTier}`] : []),
    ...(upstreamKeys ? [`upstream keys ${upstreamKeys}`] : []),
  ]
  return all.join('; ') || '–'
}
