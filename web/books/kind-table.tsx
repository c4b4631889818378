import type { Reconciliation } from '../../src/contract/reconciliation.ts'
import { Card } from '../parts/card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { formatCount } from '../parts/format.ts'
import { Table } from '../parts/table.tsx'
import { formatExactUsd } from './format.ts'

/** Both sides by model, tier and kind of token. */
export const KindTable = ({ kinds }: { kinds: Reconciliation['kinds'] }) => (
  <Card title="By SKU">
    {kinds.length === 0 ? (
      <EmptyState icon="coins" title="Nothing is billed or booked for these days" />
    ) : (
      <Table
        caption="Billed and booked, by model, tier and kind of token"
        rows={kinds}
        keyOf={({ model, tier, kind }) => `${model} ${tier} ${kind}`}
        columns={[
          {
            name: 'Model',
            isTitle: true,
            cell: ({ model, tier }) => (
              <strong>{tier === 'standard' ? model : `${model}, ${tier}`}</strong>
            ),
          },
          { name: 'Kind', cell: ({ kind }) => kind },
          { name: 'Billed tokens', isNumber: true, cell: (row) => countOf(row.billedTokens) },
          { name: 'Booked tokens', isNumber: true, cell: (row) => countOf(row.bookedTokens) },
          { name: 'Billed', isNumber: true, cell: ({ billedUsd }) => formatExactUsd(billedUsd) },
          { name: 'Booked', isNumber: true, cell: ({ bookedUsd }) => formatExactUsd(bookedUsd) },
          {
            name: 'Difference',
            isNumber: true,
            cell: ({ differenceUsd }) => formatExactUsd(differenceUsd),
          },
        ]}
      />
    )}
  </Card>
)

const countOf = (tokens: number | null): string =>
  tokens === null ? 'not counted' : formatCount(tokens)
