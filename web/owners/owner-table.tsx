import type { OwnerFigures } from '../../src/contract/analytics.ts'
import { formatCount, formatPercent, formatUsd } from '../parts/format.ts'
import { Meter } from '../parts/meter.tsx'
import { Table } from '../parts/table.tsx'
import { columnNames, findSort, type Order } from './order.ts'

/** The design's targets, in percent. */
const REUSE_TARGET = 60
const SUCCESS_TARGET = 95

export const OwnerTable = ({
  rows,
  order,
  onOrder,
}: {
  rows: readonly OwnerFigures[]
  order: Order
  onOrder: (order: Order) => void
}) => (
  <Table
    caption="Owners"
    rows={rows}
    keyOf={({ owner }) => owner}
    sortedBy={{ name: columnNames[order.sort], isAscending: order.isAscending }}
    onSort={({ name, isAscending }) => onOrder({ sort: findSort(name), isAscending })}
    columns={[
      {
        name: columnNames.owner,
        sortBy: 'server',
        isTitle: true,
        cell: ({ owner }) => (
          <a
            class="owner"
            href={`/generations?${new URLSearchParams({ owner })}`}
            title={`The generations of ${owner}`}
          >
            {owner}
          </a>
        ),
      },
      {
        name: columnNames.total,
        isNumber: true,
        sortBy: 'server',
        cell: ({ total }) => formatCount(total),
      },
      {
        name: columnNames.spend,
        isNumber: true,
        sortBy: 'server',
        cell: ({ spendUsd }) => formatUsd(spendUsd),
      },
      {
        name: columnNames.saved,
        isNumber: true,
        sortBy: 'server',
        cell: ({ savedUsd }) => (
          <span class={savedUsd > 0 ? 'tone-good' : undefined}>{formatUsd(savedUsd)}</span>
        ),
      },
      {
        name: columnNames.reuseRate,
        isNumber: true,
        sortBy: 'server',
        cell: ({ reuseRate }) => <Rate percent={reuseRate} target={REUSE_TARGET} />,
      },
      {
        name: columnNames.successRate,
        isNumber: true,
        sortBy: 'server',
        cell: ({ successRate }) => <Rate percent={successRate} target={SUCCESS_TARGET} />,
      },
      {
        name: 'Data',
        cell: ({ owner }) => (
          <a href={`/data?${new URLSearchParams({ owner })}`}>Export or erase</a>
        ),
      },
    ]}
  />
)

const Rate = ({ percent, target }: { percent: number | null; target: number }) => {
  if (percent === null) return '–'
  return (
    <Meter share={percent / 100} tone={percent >= target ? 'good' : 'warn'}>
      {formatPercent(percent / 100)}
    </Meter>
  )
}
