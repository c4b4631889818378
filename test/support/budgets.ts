import type { BudgetSettings } from '../../src/generation/state/spending-limits.ts'

/** Settings that limit nothing. */
export const NO_BUDGETS: BudgetSettings = { everyone: {}, eachOwner: {} }
