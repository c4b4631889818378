import { callApi } from '../api.ts'

export const pauseSpending = (): Promise<unknown> =>
  callApi('/api/spending/pause', { method: 'POST' })

export const resumeSpending = (): Promise<unknown> =>
  callApi('/api/spending/resume', { method: 'POST' })

export type BudgetFields = { dailyUsd?: number; monthlyUsd?: number }

/** Throws `ProblemError`. */
export const setBudget = (scope: string, body: BudgetFields): Promise<unknown> =>
  callApi(`/api/budgets/${encodeURIComponent(scope)}`, { method: 'PUT', body })

/** Throws `ProblemError`. */
export const removeBudget = (scope: string): Promise<unknown> =>
  callApi(`/api/budgets/${encodeURIComponent(scope)}`, { method: 'DELETE' })

/** Throws `ProblemError`. */
export const cancelBatch = (id: string): Promise<unknown> =>
  callApi(`/api/batches/${encodeURIComponent(id)}/cancel`, { method: 'POST' })
