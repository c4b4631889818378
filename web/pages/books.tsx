import type { Reconciliation } from '../../src/contract/reconciliation.ts'
import { ProblemError } from '../api.ts'
import { BillCard } from '../books/bill-card.tsx'
import { ReconciliationFacts } from '../books/reconciliation-facts.tsx'
import { operatorsOnly } from '../operators-only.tsx'
import { Card } from '../parts/card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { useResource } from '../use-resource.ts'

/** The provider's bill beside what is booked: what the last one came to. */
const AllBooks = () => {
  const { value, error, reload } = useResource<Reconciliation>('/api/reconciliations/latest')
  const isNone = error instanceof ProblemError && error.status === 404
  return (
    <Page
      title="Books"
      about="The provider’s bill beside what is booked: every row explained, or named, both ways."
    >
      {error && !isNone && <Notice tone="bad">{error.message}</Notice>}
      <BillCard onCompared={reload} />
      {value && <ReconciliationFacts found={value} />}
      {isNone && !value && (
        <Card>
          <EmptyState icon="coins" title="No bill was compared yet" />
        </Card>
      )}
    </Page>
  )
}

export const Books = operatorsOnly('Books', AllBooks)
