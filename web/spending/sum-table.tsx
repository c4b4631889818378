import type { SpendingSum } from '../../src/contract/spending.ts'
import { formatMoment, formatPercent, formatUsd } from '../parts/format.ts'
import { Meter } from '../parts/meter.tsx'
import { Table } from '../parts/table.tsx'

/** What is spent, by scope and period, those first that are nearest to their limits. */
export const SumTable = ({
  caption,
  sums,
  warnShare,
}: {
  caption: string
  sums: readonly SpendingSum[]
  warnShare: number
}) => (
  <Table
    caption={caption}
    rows={sums}
    keyOf={({ scope, period }) => `${scope} ${period}`}
    columns={[
      {
        name: 'Scope',
        isTitle: true,
        cell: ({ scope }) => <strong>{scope === 'all' ? 'everyone' : scope}</strong>,
      },
      { name: 'Per', cell: ({ period }) => period },
      {
        name: 'Used',
        cell: (sum) => <Used sum={sum} warnShare={warnShare} />,
      },
      { name: 'Spent', isNumber: true, cell: ({ spentUsd }) => formatUsd(spentUsd) },
      { name: 'Held', isNumber: true, cell: ({ heldUsd }) => formatUsd(heldUsd) },
      {
        name: 'Limit',
        isNumber: true,
        cell: ({ limitUsd }) => (limitUsd === null ? 'none' : formatUsd(limitUsd)),
      },
      { name: 'Begins anew', cell: ({ resetsAt }) => formatMoment(resetsAt) },
    ]}
  />
)

const Used = ({ sum, warnShare }: { sum: SpendingSum; warnShare: number }) => {
  const { limitUsd, spentUsd, heldUsd } = sum
  if (limitUsd === null) return <span class="muted">no limit</span>
  const share = limitUsd === 0 ? 1 : (spentUsd + heldUsd) / limitUsd
  const tone = share >= 1 ? 'bad' : share >= warnShare ? 'warn' : 'good'
  return (
    <Meter share={share} tone={tone}>
      {formatPercent(share)}
    </Meter>
  )
}
