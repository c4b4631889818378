import { type Request, type Response, Router } from 'express'
import { jsonBody } from '../../adapters/http/body.ts'
import {
  getOwnGeneration,
  type HttpContext,
  principalOf,
} from '../../adapters/http/http-context.ts'
import { createUrls } from '../../adapters/http/image-urls.ts'
import { sendWithETag } from '../../adapters/http/json.ts'
import { cutPage, parsePageQuery } from '../../adapters/http/pagination.ts'
import { parseQuery } from '../../adapters/http/query.ts'
import { parseScope } from '../../adapters/http/scope.ts'
import {
  feedbackSchema,
  type SimilarityChecks,
  similarityChecksQuerySchema,
  similarityChoiceSchema,
  similarityQuerySchema,
} from '../../contract/similarity.ts'
import { insertOwnerIfNew } from '../../generation/submit/idempotency.ts'
import { AppError } from '../../lib/errors.ts'
import { listChecks } from './checks.ts'
import { judgeCheck } from './feedback.ts'
import { setOwnersMode } from './mode.ts'
import { presentCheck } from './present.ts'
import { describeSimilarity } from './report.ts'

/** What becomes of similar images, what was found, and what people say of it. */
export const createSimilarityRoutes = (context: HttpContext): Router => {
  const { db, similarity, signer, publicUrl } = context
  const router = Router()

  router.post('/generations/:id/feedback', ...jsonBody(), async (req, res) => {
    const { accepted } = feedbackSchema.parse(req.body, { reportInput: true })
    const { id } = await getOwnGeneration(context, req, res)
    const check = await judgeCheck(similarity.feedback, id, accepted)
    const urls = createUrls(signer, publicUrl, req)
    sendUncached(res, presentCheck(check, urls, principalOf(res).isAdmin))
  })

  router.get('/similarity', async (req, res) => {
    sendUncached(res, await describeSimilarity(db, parseOwner(req, res), similarity.settings))
  })

  router.put('/similarity', ...jsonBody(), async (req, res) => {
    const { mode } = similarityChoiceSchema.parse(req.body, { reportInput: true })
    const ownerId = parseOwner(req, res)
    if (ownerId === undefined) throw notAnOwner()
    if (ownerId === principalOf(res).ownerId) await insertOwnerIfNew(db, ownerId)
    await setOwnersMode(db, ownerId, mode)
    sendUncached(res, await describeSimilarity(db, ownerId, similarity.settings))
  })

  router.get('/similarity/checks', async (req, res) => {
    const { limit, before } = parsePageQuery(req)
    const { owner, ...asked } = parseQuery(req, similarityChecksQuerySchema)
    const filter = { ...asked, ownerId: parseScope(principalOf(res), owner) }
    const rows = await listChecks(db, { ...filter, before, limit: limit + 1 })
    const urls = createUrls(signer, publicUrl, req)
    const positionOf = ({ createdAt, generationId }: (typeof rows)[number]) => ({
      at: createdAt,
      id: generationId,
    })
    const { page, nextCursor } = cutPage(req, res, urls, rows, limit, positionOf)
    const checks = page.map((row) => presentCheck(row, urls, principalOf(res).isAdmin))
    sendWithETag(req, res, { checks, nextCursor } satisfies SimilarityChecks)
  })

  return router
}

/** Undefined for everybody's. Throws `forbidden`. */
const parseOwner = (req: Request, res: Response): string | undefined =>
  parseScope(principalOf(res), parseQuery(req, similarityQuerySchema).owner)

const notAnOwner = () =>
  new AppError('invalid_request', 'owner must be one owner: a mode is never set for all at once.', {
    pointer: '?owner',
  })

const sendUncached = (res: Response, body: object): void => {
  res.set('Cache-Control', 'no-store').json(body)
}
