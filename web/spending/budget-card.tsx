import { useState } from 'preact/hooks'
import type { BudgetAnswer } from '../../src/contract/spending.ts'
import { Button } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { formatUsd } from '../parts/format.ts'
import { Notice } from '../parts/notice.tsx'
import { Table } from '../parts/table.tsx'
import { BudgetDialog } from './budget-dialog.tsx'
import { removeBudget } from './calls.ts'

const NEW = { scope: '', dailyUsd: null, monthlyUsd: null }

/** The limits that operators have set, to be changed. */
export const BudgetCard = ({
  budgets,
  onChanged,
}: {
  budgets: readonly BudgetAnswer[]
  onChanged: () => void
}) => {
  const [edited, setEdited] = useState<Omit<BudgetAnswer, 'updatedAt'>>()
  const [problem, setProblem] = useState<string>()
  const remove = (scope: string) =>
    removeBudget(scope).then(onChanged, (error: Error) => setProblem(error.message))
  return (
    <Card
      title="Budgets"
      actions={
        <Button kind="primary" icon="plus" onClick={() => setEdited(NEW)}>
          Set a budget
        </Button>
      }
    >
      {problem && <Notice tone="bad">{problem}</Notice>}
      {budgets.length === 0 ? (
        <EmptyState icon="coins" title="No budget is set: the settings hold" />
      ) : (
        <Table
          caption="Budgets that operators have set"
          rows={budgets}
          keyOf={({ scope }) => scope}
          columns={[
            { name: 'Scope', isTitle: true, cell: ({ scope }) => <strong>{scope}</strong> },
            { name: 'A day', isNumber: true, cell: ({ dailyUsd }) => formatLimit(dailyUsd) },
            { name: 'A month', isNumber: true, cell: ({ monthlyUsd }) => formatLimit(monthlyUsd) },
            {
              name: 'Change',
              cell: (budget) => (
                <span class="row">
                  <Button
                    isSmall
                    icon="edit"
                    label={`Change the budget of ${budget.scope}`}
                    onClick={() => setEdited(budget)}
                  >
                    Change
                  </Button>
                  <Button
                    isSmall
                    icon="trash"
                    label={`Remove the budget of ${budget.scope}`}
                    onClick={() => void remove(budget.scope)}
                  >
                    Remove
                  </Button>
                </span>
              ),
            },
          ]}
        />
      )}
      {edited && (
        <BudgetDialog budget={edited} onChanged={onChanged} onClose={() => setEdited(undefined)} />
      )}
    </Card>
  )
}

const formatLimit = (usd: number | null): string =>
  usd === null ? 'as the settings say' : formatUsd(usd)
