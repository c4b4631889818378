import { Router } from 'express'
import { principalOf } from '../../adapters/http/auth.ts'
import type { HttpContext } from '../../adapters/http/http-context.ts'
import { sendUncached } from '../../adapters/http/json.ts'
import type { MountedRoutes } from '../../adapters/http/mounted-routes.ts'
import { cutPage, parsePageQuery } from '../../adapters/http/pagination.ts'
import { requireOperator } from '../../adapters/http/scope.ts'
import { cancelBatch } from './cancel.ts'
import { countGathered, listBatches, presentBatch } from './report.ts'

/** Batch jobs, for operators. */
export const createBatchRoutes = ({
  db,
  logger,
  urlsFor,
}: Pick<HttpContext, 'db' | 'logger' | 'urlsFor'>): MountedRoutes => {
  const router = Router()
  router.get('/', requireOperator, async (req, res) => {
    const { limit, before } = parsePageQuery(req)
    const [rows, gathered] = await Promise.all([
      listBatches(db, { limit, before }),
      countGathered(db),
    ])
    const { page, nextCursor } = cutPage(req, res, urlsFor(req), rows, limit, (row) => ({
      at: row.createdAt,
      id: row.id,
    }))
    sendUncached(res, { gathered, batches: page.map(presentBatch), nextCursor })
  })
  router.post('/:id/cancel', requireOperator, async (req, res) => {
    const batch = await cancelBatch(db, String(req.params.id))
    logger.warn({ batchId: batch.id, by: principalOf(res).ownerId }, 'a batch is to be canceled')
    sendUncached(res, presentBatch(batch))
  })
  return { path: '/api/batches', access: 'token', handler: router }
}
