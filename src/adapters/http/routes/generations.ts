import { Router } from 'express'
import { DatabaseAway } from '../../../../db/away.ts'
import { generationQuerySchema } from '../../../contract/generation-filter.ts'
import { isTerminal } from '../../../contract/vocabulary.ts'
import { waitForTerminal } from '../../../generation/read/follow.ts'
import { describeHistory } from '../../../generation/read/history.ts'
import { listGenerations } from '../../../generation/read/list.ts'
import { cancelGeneration } from '../../../generation/state/cancel.ts'
import { isPresumed } from '../../../generation/submit/deferred-submission.ts'
import {
  answerGeneration,
  getOwnGeneration,
  type HttpContext,
  principalOf,
  whileConnected,
} from '../http-context.ts'
import { createUrls } from '../image-urls.ts'
import { sendWithETag } from '../json.ts'
import { cutPage, parsePageQuery } from '../pagination.ts'
import { parsePreferWait, setPreferenceApplied } from '../prefer.ts'
import { parseQuery } from '../query.ts'
import { parseScope } from '../scope.ts'
import { streamGeneration } from '../sse.ts'

const RETRY_AFTER_SECONDS = 2

/** Reading, following and canceling generations. */
export const createGenerationRoutes = (context: HttpContext): Router => {
  const router = Router()

  router.get('/', async (req, res) => {
    const { limit, before } = parsePageQuery(req)
    const { owner, ...asked } = parseQuery(req, generationQuerySchema)
    const filter = { ...asked, ownerId: parseScope(principalOf(res), owner) }
    const urls = createUrls(context.signer, context.publicUrl, req)
    const rows = await listGenerations(context.db, { ...filter, before, limit: limit + 1 })
    const { page, nextCursor } = cutPage(req, res, urls, rows, limit, ({ createdAt, id }) => ({
      at: createdAt,
      id,
    }))
    const generations = await Promise.all(page.map((row) => answerGeneration(context, req, row)))
    sendWithETag(req, res, { generations, nextCursor })
  })

  router.get('/:id', async (req, res) => {
    const waitSeconds = parsePreferWait(req)
    let row = await getOwnGeneration(context, req, res)
    if (waitSeconds && !isTerminal(row.status) && !isPresumed(row)) {
      const limits = { timeoutMs: waitSeconds * 1_000, signal: whileConnected(context, res) }
      row = (await waitForTerminal(context, row.id, limits)) ?? row
    }
    setPreferenceApplied(res, waitSeconds)
    if (!isTerminal(row.status)) res.set('Retry-After', String(RETRY_AFTER_SECONDS))
    sendWithETag(req, res, await answerGeneration(context, req, row))
  })

  router.get('/:id/events', async (req, res) => {
    const row = await getOwnGeneration(context, req, res)
    if (req.method === 'HEAD') res.type('text/event-stream').end()
    else await streamGeneration(context, req, res, row)
  })

  router.get('/:id/history', async (req, res) => {
    const row = await getOwnGeneration(context, req, res)
    sendWithETag(req, res, await describeHistory(context.db, row))
  })

  router.post('/:id/cancel', async (req, res) => {
    const row = await getOwnGeneration(context, req, res)
    // Its row is about to be made: only then can it be canceled for good.
    if (isPresumed(row)) throw new DatabaseAway()
    const { db, removeJob, submit } = context
    const canceled = await cancelGeneration({ db, removeJob, enqueue: submit.enqueue }, row.id)
    res.json(await answerGeneration(context, req, canceled))
  })

  return router
}
