import { type Request, type Response, Router } from 'express'
import { principalOf } from '../../adapters/http/auth.ts'
import type { HttpContext } from '../../adapters/http/http-context.ts'
import { sendUncached, sendWithETag } from '../../adapters/http/json.ts'
import type { MountedRoutes } from '../../adapters/http/mounted-routes.ts'
import { cutPage, parsePageQuery } from '../../adapters/http/pagination.ts'
import { jsonBody, parseBody, parseQuery } from '../../adapters/http/parse-request.ts'
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
import { type FeedbackDeps, judgeCheck } from './feedback.ts'
import { setOwnersMode } from './mode.ts'
import { presentCheck } from './present.ts'
import { describeSimilarity, type SimilaritySettings } from './report.ts'

type Deps = { settings: SimilaritySettings; feedback: FeedbackDeps }

/** What becomes of similar images, what was found, and what people say of it. */
export const createSimilarityRoutes = (
  { db, urlsFor, getOwnGeneration }: HttpContext,
  { settings, feedback }: Deps,
): MountedRoutes => {
  const router = Router()

  router.post('/generations/:id/feedback', ...jsonBody(), async (req, res) => {
    const { accepted } = parseBody(feedbackSchema, req.body)
    const { id } = await getOwnGeneration(req, res)
    const check = await judgeCheck(feedback, id, accepted)
    const urls = urlsFor(req)
    sendUncached(res, presentCheck(check, urls, principalOf(res).isAdmin))
  })

  router.get('/similarity', async (req, res) => {
    sendUncached(res, await describeSimilarity(db, parseOwner(req, res), settings))
  })

  router.put('/similarity', ...jsonBody(), async (req, res) => {
    const { mode } = parseBody(similarityChoiceSchema, req.body)
    const ownerId = parseOwner(req, res)
    if (ownerId === undefined) throw notAnOwner()
    if (ownerId === principalOf(res).ownerId) await insertOwnerIfNew(db, ownerId)
    await setOwnersMode(db, ownerId, mode)
    sendUncached(res, await describeSimilarity(db, ownerId, settings))
  })

  router.get('/similarity/checks', async (req, res) => {
    const { limit, before } = parsePageQuery(req)
    const { owner, ...asked } = parseQuery(req, similarityChecksQuerySchema)
    const filter = { ...asked, ownerId: parseScope(principalOf(res), owner) }
    const rows = await listChecks(db, { ...filter, before, limit: limit + 1 })
    const urls = urlsFor(req)
    const positionOf = ({ createdAt, generationId }: (typeof rows)[number]) => ({
      at: createdAt,
      id: generationId,
    })
    const { page, nextCursor } = cutPage(req, res, urls, rows, limit, positionOf)
    const checks = page.map((row) => presentCheck(row, urls, principalOf(res).isAdmin))
    sendWithETag(req, res, { checks, nextCursor } satisfies SimilarityChecks)
  })

  return { path: '/api', access: 'token', handler: router }
}

/** Undefined for everybody's. Throws `forbidden`. */
const parseOwner = (req: Request, res: Response): string | undefined =>
  parseScope(principalOf(res), parseQuery(req, similarityQuerySchema).owner)

const notAnOwner = () =>
  new AppError('invalid_request', 'owner must be one owner: a mode is never set for all at once.', {
    pointer: '?owner',
  })
