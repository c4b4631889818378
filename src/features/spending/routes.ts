import { Router } from 'express'
import { z } from 'zod'
import { keyIdOf, principalOf } from '../../adapters/http/auth.ts'
import type { HttpContext } from '../../adapters/http/http-context.ts'
import { sendUncached } from '../../adapters/http/json.ts'
import type { MountedRoutes } from '../../adapters/http/mounted-routes.ts'
import { jsonBody, parseBody, parseQuery } from '../../adapters/http/parse-request.ts'
import { ALL_OWNERS, parseScope, requireOperator } from '../../adapters/http/scope.ts'
import { ownerSchema } from '../../contract/generation-filter.ts'
import { budgetInputSchema, type SpendingScope, scopeSchema } from '../../contract/spending.ts'
import { AppError } from '../../lib/errors.ts'
import { listBudgets, removeBudget, setBudget } from './budgets.ts'
import { readSpending, type SpendingSettings } from './report.ts'
import { pauseSpending, resumeSpending } from './switch.ts'

const querySchema = z.object({ owner: ownerSchema.optional() })

/** What is spent, for whose it is; and for operators what may be, and the switch that stops all paying. */
export const createSpendingRoutes = (
  { db, logger }: Pick<HttpContext, 'db' | 'logger'>,
  settings: SpendingSettings,
): MountedRoutes[] => {
  const spending = Router()
  spending.get('/', async (req, res) => {
    const { owner } = parseQuery(req, querySchema)
    const principal = principalOf(res)
    const ownerId = parseScope(principal, owner ?? (principal.isAdmin ? ALL_OWNERS : undefined))
    const isOwn = ownerId === principal.ownerId
    const keyId = isOwn ? keyIdOf(res) : null
    sendUncached(res, await readSpending(db, settings, { ownerId, keyId }))
  })
  spending.post('/pause', requireOperator, async (_req, res) => {
    const { ownerId: by } = principalOf(res)
    const state = await pauseSpending(db, by)
    logger.warn({ by }, 'all paying is stopped')
    sendUncached(res, state)
  })
  spending.post('/resume', requireOperator, async (_req, res) => {
    const state = await resumeSpending(db)
    logger.warn({ by: principalOf(res).ownerId }, 'paying goes on')
    sendUncached(res, state)
  })

  const budgets = Router()
  budgets.get('/', requireOperator, async (_req, res) => {
    sendUncached(res, { budgets: await listBudgets(db) })
  })
  budgets.put('/:scope', requireOperator, ...jsonBody(), async (req, res) => {
    const scope = parseBudgetScope(req.params.scope)
    const budget = parseBody(budgetInputSchema, req.body)
    await setBudget(db, scope, budget)
    logger.info({ scope, ...budget, by: principalOf(res).ownerId }, 'a budget was set')
    res.status(204).end()
  })
  budgets.delete('/:scope', requireOperator, async (req, res) => {
    const scope = parseBudgetScope(req.params.scope)
    if (!(await removeBudget(db, scope))) {
      throw new AppError('not_found', 'There is no budget of this scope.')
    }
    logger.info({ scope, by: principalOf(res).ownerId }, 'a budget was taken away')
    res.status(204).end()
  })

  return [
    { path: '/api/spending', access: 'token', handler: spending },
    { path: '/api/budgets', access: 'token', handler: budgets },
  ]
}

/** Throws `invalid_request`. */
const parseBudgetScope = (text: unknown): SpendingScope => {
  const parsed = scopeSchema.safeParse(text)
  if (parsed.success) return parsed.data
  throw new AppError('invalid_request', `The scope ${parsed.error.issues[0]?.message}.`)
}
