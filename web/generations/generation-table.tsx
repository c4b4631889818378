import type { Generation } from '../../src/client.ts'
import { isTerminal } from '../../src/contract/status.ts'
import { thumbnailUrl } from '../gallery/thumbnails.ts'
import { LaneBadge, SourceBadge, StatusBadge } from '../parts/badge.tsx'
import { Button } from '../parts/button.tsx'
import { formatDuration, formatUsd } from '../parts/format.ts'
import { Icon } from '../parts/icon.tsx'
import { Picture } from '../parts/picture.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { Time } from '../parts/time.tsx'

const THUMBNAIL_PX = 160

type Actions = { onRetry: (id: string) => void; onCancel: (id: string) => void }

export const GenerationTable = ({
  rows,
  hasOwners,
  sort,
  onSort,
  ...actions
}: Actions & {
  rows: readonly Generation[]
  hasOwners: boolean
  /** As the API sorts them; empty for the newest first. */
  sort: string
  onSort: (sort: string) => void
}) => (
  <Table
    caption={`Generations, ${sort || 'newest'} first`}
    sortedBy={{ name: sort === 'dearest' ? 'Cost' : 'Asked', isAscending: sort === 'oldest' }}
    onSort={({ name, isAscending }) =>
      onSort(name === 'Cost' ? (isAscending ? '' : 'dearest') : isAscending ? 'oldest' : '')
    }
    isCompact
    rows={rows}
    keyOf={({ id }) => id}
    columns={[
      { name: 'Request', isTitle: true, cell: (row) => <Request row={row} /> },
      { name: 'Status', cell: (row) => <Status row={row} /> },
      { name: 'Lane', cell: ({ lane }) => <LaneBadge lane={lane} /> },
      ...(hasOwners ? [ownerColumn] : []),
      { name: 'Cost', isNumber: true, sortBy: 'server', cell: formatCost },
      { name: 'Took', isNumber: true, cell: formatTook },
      { name: 'Asked', sortBy: 'server', cell: ({ createdAt }) => <Time at={createdAt} /> },
      { name: 'Action', cell: (row) => <Action row={row} {...actions} /> },
    ]}
  />
)

const ownerColumn: Column<Generation> = {
  name: 'Owner',
  cell: ({ ownerId }) => <span class="cut">{ownerId}</span>,
}

const Request = ({ row }: { row: Generation }) => (
  <a class="request-cell" href={`/generations/${row.id}`}>
    {row.status === 'succeeded' ? (
      <Picture
        src={thumbnailUrl(row.imageUrl, THUMBNAIL_PX)}
        alt=""
        thumbhash={row.thumbhash}
        isLazy
        aspectRatio="1 / 1"
      />
    ) : (
      <span class="picture">
        <Icon name="image" />
      </span>
    )}
    <span class="clamp">{row.prompt}</span>
  </a>
)

const Status = ({ row: { status, error, reuse } }: { row: Generation }) => (
  <span class="badges">
    <StatusBadge status={status} />
    {error && (
      <a href={`/generations?errorCode=${error.code}`} title={error.message}>
        <code>{error.code}</code>
      </a>
    )}
    {reuse && <SourceBadge source={reuse.source} />}
  </span>
)

const Action = ({ row, onRetry, onCancel }: Actions & { row: Generation }) => {
  const name = row.prompt.slice(0, 60)
  if (!isTerminal(row.status)) {
    return (
      <Button isSmall icon="stop" label={`Cancel: ${name}`} onClick={() => onCancel(row.id)}>
        Cancel
      </Button>
    )
  }
  if (row.status === 'succeeded') return null
  return (
    <Button isSmall icon="again" label={`Retry: ${name}`} onClick={() => onRetry(row.id)}>
      Retry
    </Button>
  )
}

const formatCost = ({ id, status, costUsd }: Generation) => {
  if (costUsd === undefined) return '–'
  if (status !== 'succeeded') return formatUsd(costUsd)
  return (
    <a href={`/receipts/${id}`}>
      {formatUsd(costUsd)}
      <span class="visually-hidden">: its receipt</span>
    </a>
  )
}

const tookMs = ({ createdAt, finishedAt }: Generation): number =>
  finishedAt ? Date.parse(finishedAt) - Date.parse(createdAt) : 0

const formatTook = (row: Generation) => (row.finishedAt ? formatDuration(tookMs(row)) : '–')
