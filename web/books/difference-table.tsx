import type { BillDifference, Reconciliation } from '../../src/contract/reconciliation.ts'
import { Card } from '../parts/card.tsx'
import { Table } from '../parts/table.tsx'
import { formatExactUsd } from './format.ts'

const MAX_SHOWN = 100

/** What one side has and the other has not, the largest first; nothing where there is none. */
export const DifferenceTable = ({
  title,
  differences: { count, items },
}: {
  title: string
  differences: Reconciliation['billedNotBooked']
}) =>
  count === 0 ? null : (
    <Card title={title}>
      <Table
        caption={title}
        rows={items.slice(0, MAX_SHOWN).map((item, at) => ({ ...item, at }))}
        keyOf={({ at }) => String(at)}
        columns={[
          { name: 'What', isTitle: true, cell: (item) => <strong>{nameOf(item)}</strong> },
          { name: 'Days', cell: ({ from, to }) => (from === to ? from : `${from} to ${to}`) },
          { name: 'Lines', cell: ({ lines }) => lines ?? 'none' },
          { name: 'Billed', isNumber: true, cell: ({ billedUsd }) => formatExactUsd(billedUsd) },
          { name: 'Booked', isNumber: true, cell: ({ bookedUsd }) => formatExactUsd(bookedUsd) },
          {
            name: 'Difference',
            isNumber: true,
            cell: ({ differenceUsd }) => formatExactUsd(differenceUsd),
          },
          { name: 'Why', cell: ({ why, calls }) => [why, ...calls].join(' ') },
        ]}
      />
      {count > MAX_SHOWN && <p>And {count - MAX_SHOWN} more, in the API’s answer.</p>}
    </Card>
  )

const nameOf = ({ model, tier, kind, sku, responseId }: BillDifference): string =>
  [model ?? sku ?? 'unknown', tier === 'standard' ? null : tier, kind, responseId]
    .filter(Boolean)
    .join(' ')
