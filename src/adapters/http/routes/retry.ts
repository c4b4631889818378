import { Router } from 'express'
import { type BulkReport, bulkRequestSchema } from '../../../contract/bulk.ts'
import type { GenerationRequest } from '../../../contract/generation-request.ts'
import type { GenerationWithImage } from '../../../generation/state/repository.ts'
import { BULK_STATUSES, type BulkDeps, changeInBulk } from '../../../generation/submit/bulk.ts'
import { requestOfRow } from '../../../generation/submit/describe-details.ts'
import { promptReduced, retryGenerations } from '../../../generation/submit/retry-generations.ts'
import { type SubmitDeps, submitGeneration } from '../../../generation/submit/submit.ts'
import { AppError } from '../../../lib/errors.ts'
import { sendSubmitted } from '../answer-generation.ts'
import { principalOf } from '../auth.ts'
import type { AssertMayAsk } from '../caller-policy.ts'
import { withForcedBy } from '../forced-by.ts'
import type { HttpContext } from '../http-context.ts'
import { formatCursor, parseCursor } from '../pagination.ts'
import { jsonBody, parseBody, parseIdempotencyKey } from '../parse-request.ts'
import { parseScope } from '../scope.ts'
import type { PayerOf } from '../upstream-key.ts'

/** Asking again for generations, one by one or many at once; an operator does so for their owners. */
export const createRetryRoutes = (
  http: HttpContext,
  deps: SubmitDeps & BulkDeps & { assertMayAsk: AssertMayAsk; payerOf: PayerOf },
): Router => {
  const { getOwnGeneration } = http
  const { assertMayAsk, payerOf } = deps
  const router = Router()

  router.post('/bulk', ...jsonBody(), async (req, res) => {
    const order = parseBody(bulkRequestSchema, req.body)
    const { action, dryRun } = order
    const upstreamKey = action === 'retry' ? payerOf(req, res).upstreamKey : undefined
    const { owner, ...filter } = order.filter
    assertChangeable(action, filter.status)
    const principal = principalOf(res)
    const ownerId = parseScope(principal, owner)
    const { next, ...result } = await changeInBulk(deps, {
      assertMayAsk: (row) => assertMayAsk(principal, row),
      upstreamKey,
      action,
      dryRun,
      filter: { ...filter, ownerId },
      before: parseCursor(order.cursor, '/cursor'),
    })
    const nextCursor = next ? formatCursor(next) : null
    res.json({
      action,
      dryRun,
      ...result,
      hasMore: next !== undefined,
      nextCursor,
    } satisfies BulkReport)
  })

  router.post('/:id/retry', async (req, res) => {
    const { upstreamKey } = payerOf(req, res)
    const row = await getOwnGeneration(req, res)
    const assertMayAskAgain = (again: GenerationWithImage) => assertMayAsk(principalOf(res), again)
    const [asked] = await retryGenerations(deps, [row], assertMayAskAgain, upstreamKey)
    if (!asked?.inserted) throw asked?.refusal
    const { generation, queuePosition } = asked.inserted
    await sendSubmitted(http, req, res, { row: generation, queuePosition })
  })

  router.post('/:id/regenerate', async (req, res) => {
    const idempotencyKey = parseIdempotencyKey(req)
    const payer = payerOf(req, res)
    const row = await getOwnGeneration(req, res)
    if (row.isPromptReduced) throw promptReduced()
    const request = withForcedBy(req, res, toForcedRequest(row))
    assertMayAsk(principalOf(res), request)
    const { generation, queuePosition } = await submitGeneration(
      deps,
      row.ownerId,
      request,
      idempotencyKey,
      payer,
    )
    await sendSubmitted(http, req, res, { row: generation, queuePosition })
  })

  return router
}

const assertChangeable = (
  action: BulkReport['action'],
  statuses: readonly string[] | undefined,
): void => {
  const changeable: readonly string[] = BULK_STATUSES[action]
  if (statuses?.every((status) => changeable.includes(status)) ?? true) return
  const message = `must be among ${changeable.join(', ')}: that is what ${action} can change`
  throw new AppError('invalid_request', message, { pointer: '/filter/status' })
}

/** A person who wants another picture waits for it, so it is interactive whatever the first one was. */
const toForcedRequest = (row: GenerationWithImage): GenerationRequest => ({
  ...requestOfRow(row),
  skipExistingCheck: true,
  lane: 'interactive',
})
