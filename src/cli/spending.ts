import type { Config } from '../app/config.ts'
import { budgetInputSchema, type SpendingScope, scopeSchema } from '../contract/spending.ts'
import { listBudgets, removeBudget, setBudget } from '../features/spending/budgets.ts'
import { measureSpending } from '../features/spending/report.ts'
import { pauseSpending, readSwitch, resumeSpending } from '../features/spending/switch.ts'
import { StartError } from '../lib/errors.ts'
import { withOwnDatabase } from './with-database.ts'

/** Stops all paying, in all processes, once it returns. */
export const pause = (config: Config): Promise<void> =>
  withOwnDatabase(config, async (db) => {
    const { pausedAt } = await pauseSpending(db, 'command line')
    console.log(`All paying is stopped since ${pausedAt}. imageonce spending resume lets it go on.`)
  })

export const resume = (config: Config): Promise<void> =>
  withOwnDatabase(config, async (db) => {
    await resumeSpending(db)
    console.log('Paying goes on.')
  })

export const showStatus = (config: Config): Promise<void> =>
  withOwnDatabase(config, async (db) => {
    const [{ pausedAt }, { todayUsd, monthUsd, lowBudgets, budgets }] = await Promise.all([
      readSwitch(db),
      measureSpending(db, config.budgets),
    ])
    const { dailyUsd, monthlyUsd } = config.budgets.everyone
    console.log(pausedAt ? `All paying is stopped since ${pausedAt}.` : 'Paying is not stopped.')
    console.log(`Today       ${formatUsd(todayUsd)} of ${formatLimit(dailyUsd)}`)
    console.log(`This month  ${formatUsd(monthUsd)} of ${formatLimit(monthlyUsd)}`)
    console.log(`Limits of owners, prefixes and keys: ${budgets}, nearly spent: ${lowBudgets}`)
  })

export const list = (config: Config): Promise<void> =>
  withOwnDatabase(config, async (db) => {
    const budgets = await listBudgets(db)
    if (budgets.length === 0) console.log('No budget is set.')
    for (const { scope, dailyUsd, monthlyUsd } of budgets) {
      console.log(`${scope}  ${formatLimit(dailyUsd)} a day, ${formatLimit(monthlyUsd)} a month`)
    }
  })

/** Throws `StartError` for what is no scope or amount. */
export const set = (
  config: Config,
  scopeText: string,
  options: { daily?: number; monthly?: number },
): Promise<void> => {
  const scope = parseScope(scopeText)
  const { daily: dailyUsd, monthly: monthlyUsd } = options
  const parsed = budgetInputSchema.safeParse({ dailyUsd, monthlyUsd })
  if (!parsed.success) {
    throw new StartError('Give --daily, --monthly or both: US dollars, with 6 decimals at most.')
  }
  return withOwnDatabase(config, async (db) => {
    await setBudget(db, scope, parsed.data)
    console.log(`The budget of ${scope} holds from now on.`)
  })
}

/** Throws `StartError` where there is none. */
export const remove = (config: Config, scopeText: string): Promise<void> => {
  const scope = parseScope(scopeText)
  return withOwnDatabase(config, async (db) => {
    if (!(await removeBudget(db, scope))) throw new StartError(`There is no budget of ${scope}.`)
    console.log(`The budget of ${scope} is gone; what the settings say holds.`)
  })
}

const parseScope = (text: string): SpendingScope => {
  const parsed = scopeSchema.safeParse(text)
  if (parsed.success) return parsed.data
  throw new StartError(`The scope ${parsed.error.issues[0]?.message}.`)
}

const formatUsd = (usd: number): string => `$${usd.toFixed(usd < 1 ? 4 : 2)}`

const formatLimit = (usd: number | null | undefined): string =>
  usd === null || usd === undefined ? 'no limit of its own' : formatUsd(usd)
