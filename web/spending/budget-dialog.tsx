import { useState } from 'preact/hooks'
import type { BudgetAnswer } from '../../src/contract/spending.ts'
import { ConfirmDialog } from '../parts/dialog.tsx'
import { TextField } from '../parts/field.tsx'
import { type BudgetFields, setBudget } from './calls.ts'

/** Asks whose budget it is and how much; the server says what is wrong with it. */
export const BudgetDialog = ({
  budget,
  onChanged,
  onClose,
}: {
  budget: Omit<BudgetAnswer, 'updatedAt'>
  onChanged: () => void
  onClose: () => void
}) => {
  const [scope, setScope] = useState(budget.scope)
  const [daily, setDaily] = useState(format(budget.dailyUsd))
  const [monthly, setMonthly] = useState(format(budget.monthlyUsd))
  const save = async () => {
    await setBudget(scope.trim(), { ...parse('dailyUsd', daily), ...parse('monthlyUsd', monthly) })
    onChanged()
  }
  return (
    <ConfirmDialog
      title="Set a budget"
      confirm="Set it"
      isReady={scope.trim() !== '' && `${daily}${monthly}`.trim() !== ''}
      onConfirm={save}
      onClose={onClose}
    >
      <TextField
        label="Scope"
        hint="all, owner:NAME, key:ID, or prefix:TEXT for all owners whose names start with it"
        value={scope}
        onChange={setScope}
      />
      <TextField label="US dollars a day" value={daily} onChange={setDaily} />
      <TextField label="US dollars a month" value={monthly} onChange={setMonthly} />
    </ConfirmDialog>
  )
}

const format = (usd: number | null): string => (usd === null ? '' : String(usd))

/** What is left empty is left to the settings; what is no number the server refuses. */
const parse = (name: keyof BudgetFields, text: string): BudgetFields =>
  text.trim() === '' ? {} : { [name]: Number(text) }
