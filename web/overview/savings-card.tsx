import type { Savings } from '../../src/contract/savings.ts'
import { ButtonLink } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { formatCount, formatUsd } from '../parts/format.ts'
import { Table } from '../parts/table.tsx'
import { useResource } from '../use-resource.ts'

/** What the days cost, what they would have cost, and what made the difference; with the month's statement to be kept. */
export const SavingsCard = ({ asked }: { asked: string }) => {
  const { value } = useResource<Savings>(`/api/analytics/savings?${asked}`)
  if (!value || value.withoutUsd === 0) return null
  const month = value.to.slice(0, 7)
  const { reused, halfPrice, refused } = value
  const rows = [
    { what: 'Bought', count: value.paidCalls, usd: value.spendUsd },
    { what: 'The same again', count: reused.exact.count, usd: reused.exact.usd },
    { what: 'While it was made', count: reused.joined.count, usd: reused.joined.usd },
    { what: 'By a similar prompt', count: reused.similar.count, usd: reused.similar.usd },
    { what: 'At half the price', count: halfPrice.calls, usd: halfPrice.savedUsd },
    { what: 'Refused at a limit', count: refused.count, usd: refused.usd },
  ]
  return (
    <Card
      title="The saving"
      actions={
        <>
          <ButtonLink
            icon="download"
            href={`/api/statements/${month}.md`}
            download={`imageonce-statement-${month}.md`}
          >
            Statement of {month}
          </ButtonLink>
          <ButtonLink
            icon="download"
            href={`/api/statements/${month}.csv`}
            download={`imageonce-statement-${month}.csv`}
          >
            CSV
          </ButtonLink>
        </>
      }
    >
      <p>
        {formatUsd(value.spendUsd)} in place of {formatUsd(value.withoutUsd)}:{' '}
        <strong>{formatUsd(value.savedUsd)} saved</strong>.
      </p>
      <Table
        caption="What was bought and what was saved"
        isCompact
        rows={rows.filter(({ count }) => count > 0)}
        keyOf={({ what }) => what}
        columns={[
          { name: 'What', isTitle: true, cell: ({ what }) => <strong>{what}</strong> },
          { name: 'Requests', isNumber: true, cell: ({ count }) => formatCount(count) },
          { name: 'Worth', isNumber: true, cell: ({ usd }) => formatUsd(usd) },
        ]}
      />
    </Card>
  )
}
