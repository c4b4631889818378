import { z } from 'zod'
import { ownerSchema } from '../../contract/generation-filter.ts'
import {
  budgetInputSchema,
  budgetsSchema,
  scopeSchema,
  spendingSchema,
  spendingSwitchSchema,
} from '../../contract/spending.ts'
import { answer, empty, json, type Operations, operation } from '../operation.ts'

const TAG = 'Spending'

const path = z.object({ scope: scopeSchema.in })

const state = spendingSwitchSchema.meta({ id: 'SpendingSwitch' })

export const spending: Operations = {
  '/api/spending': {
    get: operation(TAG, 'readSpending', {
      summary: 'What is spent this UTC day and month, and what may be',
      description:
        'Of the caller, and of the key that it came with. Operators read everybody’s, or an owner’s: all that has a limit, and of the rest what costs most.',
      query: z.object({ owner: ownerSchema.optional() }),
      answers: { 200: answer('The sums, by scope and period.', spendingSchema) },
      problems: [400, 403, 503],
    }),
  },
  '/api/spending/pause': {
    post: operation(TAG, 'pauseSpending', {
      summary: 'For operators: stop all paying at once',
      description: 'No call is sent from now on; what exists is answered, and what is out goes on.',
      answers: { 200: answer('It is stopped.', state) },
      problems: [403, 503],
    }),
  },
  '/api/spending/resume': {
    post: operation(TAG, 'resumeSpending', {
      summary: 'For operators: let it go on',
      answers: { 200: answer('It goes on.', state) },
      problems: [403, 503],
    }),
  },
  '/api/budgets': {
    get: operation(TAG, 'listBudgets', {
      summary: 'For operators: the limits that operators have set',
      answers: { 200: answer('All of them, by scope.', budgetsSchema) },
      problems: [403, 503],
    }),
  },
  '/api/budgets/{scope}': {
    put: operation(TAG, 'setBudget', {
      summary: 'For operators: limit what a scope may cost',
      description:
        'In the place of the limits that it had. A scope is `all`, or `owner:`, `key:` or `prefix:` (of owners) with a name after it.',
      path,
      body: json(budgetInputSchema.meta({ id: 'BudgetInput' }), { dailyUsd: 5, monthlyUsd: 50 }),
      answers: { 204: empty('It holds.') },
      problems: [400, 403, 413, 415, 503],
    }),
    delete: operation(TAG, 'removeBudget', {
      summary: 'For operators: take the limits of a scope away',
      description: 'Those of the settings hold then.',
      path,
      answers: { 204: empty('It is gone.') },
      problems: [400, 403, 404, 503],
    }),
  },
}
