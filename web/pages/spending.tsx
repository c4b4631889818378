import type { BatchPage } from '../../src/contract/batch.ts'
import type { Spending as AllSpending, BudgetAnswer } from '../../src/contract/spending.ts'
import { operatorsOnly } from '../operators-only.tsx'
import { Card } from '../parts/card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { BatchCard } from '../spending/batch-card.tsx'
import { BudgetCard } from '../spending/budget-card.tsx'
import { SumTable } from '../spending/sum-table.tsx'
import { SwitchCard } from '../spending/switch-card.tsx'
import { useResource } from '../use-resource.ts'

const REFRESH_MS = 5_000

/** What may be spent and what is, and the switch that stops all paying. */
const AllSpendingPage = () => {
  const spending = useResource<AllSpending>('/api/spending', REFRESH_MS)
  const budgets = useResource<{ budgets: BudgetAnswer[] }>('/api/budgets')
  const batches = useResource<BatchPage>('/api/batches?limit=20', REFRESH_MS)
  const { value } = spending
  const problem = spending.error ?? budgets.error ?? batches.error
  const reload = () => {
    spending.reload()
    budgets.reload()
  }
  const limited = value?.sums.filter(({ limitUsd }) => limitUsd !== null) ?? []
  const others = value?.sums.filter(({ limitUsd }) => limitUsd === null) ?? []
  const warnShare = (value?.warnPercent ?? 100) / 100
  return (
    <Page
      title="Spending"
      about="What calls cost this UTC day and month. No call is sent that would pass a limit."
    >
      {problem && <Notice tone="bad">{problem.message}</Notice>}
      {value && <SwitchCard pausedAt={value.pausedAt} onChanged={reload} />}
      {value && (
        <Card title="Limits">
          {limited.length === 0 ? (
            <EmptyState icon="coins" title="Nothing limits what is spent" />
          ) : (
            <SumTable caption="Limits" sums={limited} warnShare={warnShare} />
          )}
        </Card>
      )}
      {budgets.value && <BudgetCard budgets={budgets.value.budgets} onChanged={reload} />}
      {batches.value && isUsed(batches.value) && (
        <BatchCard page={batches.value} onChanged={batches.reload} />
      )}
      {others.length > 0 && (
        <Card title="Without a limit">
          <SumTable caption="Spent without a limit" sums={others} warnShare={warnShare} />
        </Card>
      )}
    </Page>
  )
}

/** Where nothing is made in batches there is nothing to say of them. */
const isUsed = ({ gathered, batches }: BatchPage): boolean =>
  gathered.count > 0 || batches.length > 0

export const Spending = operatorsOnly('Spending', AllSpendingPage)
