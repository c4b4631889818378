import { type RequestHandler, Router } from 'express'
import { DatabaseAway } from '../../../../db/away.ts'
import { generationQuerySchema } from '../../../contract/generation-filter.ts'
import { isTerminal } from '../../../contract/vocabulary.ts'
import type { ImageStore } from '../../../generation/ports.ts'
import { describeHistory } from '../../../generation/read/history.ts'
import { countGenerations, listGenerations, positionIn } from '../../../generation/read/list.ts'
import { type CancelDeps, cancelGeneration } from '../../../generation/state/cancel.ts'
import { isPresumed } from '../../../generation/state/repository.ts'
import { findSurplus } from '../../../generation/state/surplus.ts'
import { AppError } from '../../../lib/errors.ts'
import { setRetryAfter } from '../answer-generation.ts'
import { principalOf } from '../auth.ts'
import { type HttpContext, waitInPlace } from '../http-context.ts'
import { sendWithETag } from '../json.ts'
import type { MountedRoutes } from '../mounted-routes.ts'
import { cutPage, parsePageQuery, presentCount } from '../pagination.ts'
import { parsePreferWait, parseQuery, setPreferenceApplied } from '../parse-request.ts'
import { parseScope } from '../scope.ts'
import { sendBytes } from '../send-object.ts'
import type { OpenStream } from '../sse.ts'

type Deps = {
  cancel: CancelDeps
  store: Pick<ImageStore, 'find'>
  openStream: OpenStream
}

/** Reading, following and canceling generations. */
export const createGenerationRoutes = (http: HttpContext, deps: Deps): MountedRoutes => {
  const { db, urlsFor, getOwnGeneration, answerGeneration } = http
  const router = Router()

  router.get('/', async (req, res) => {
    const { limit, before } = parsePageQuery(req)
    const { owner, sort, count, ...asked } = parseQuery(req, generationQuerySchema)
    const filter = { ...asked, ownerId: parseScope(principalOf(res), owner) }
    const urls = urlsFor(req)
    const [rows, counted] = await Promise.all([
      listGenerations(db, { ...filter, sort, before, limit: limit + 1 }),
      count ? countGenerations(db, filter) : undefined,
    ])
    const { page, nextCursor } = cutPage(req, res, urls, rows, limit, (row) =>
      positionIn(sort, row),
    )
    const generations = await Promise.all(page.map((row) => answerGeneration(req, row)))
    sendWithETag(req, res, { generations, nextCursor, ...presentCount(counted) })
  })

  const readOne: RequestHandler = async (req, res) => {
    const waitSeconds = parsePreferWait(req, http.maxWaitSeconds)
    let row = await getOwnGeneration(req, res)
    if (waitSeconds && !isTerminal(row.status) && !isPresumed(row)) {
      row = await waitInPlace(http, res, row, waitSeconds)
    }
    setPreferenceApplied(res, waitSeconds)
    setRetryAfter(res, row)
    sendWithETag(req, res, await answerGeneration(req, row))
  }
  router.get('/:id', readOne)

  router.get('/:id/events', async (req, res) => {
    const row = await getOwnGeneration(req, res)
    if (req.method === 'HEAD') res.type('text/event-stream').end()
    else await deps.openStream(req, res, row)
  })

  router.get('/:id/history', async (req, res) => {
    const row = await getOwnGeneration(req, res)
    sendWithETag(req, res, await describeHistory(db, row, urlsFor(req)))
  })

  // To be saved and looked at with care: it may be anything.
  router.get('/:id/surplus/:digest', async (req, res) => {
    const { id } = await getOwnGeneration(req, res)
    const { digest } = req.params
    const row = /^[0-9a-f]{64}$/.test(digest) ? await findSurplus(db, id, digest) : undefined
    const object = row && (await deps.store.find(row.objectKey).catch(throwUnavailable))
    if (!object) throw new AppError('not_found', 'Nothing of this digest was kept.')
    res.set('Cache-Control', 'private, no-store').attachment(`${id}-${digest.slice(0, 12)}`)
    sendBytes(res, object)
  })

  router.post('/:id/cancel', async (req, res) => {
    const row = await getOwnGeneration(req, res)
    // Its row is about to be made: only then can it be canceled for good.
    if (isPresumed(row)) throw new DatabaseAway()
    const canceled = await cancelGeneration(deps.cancel, row.id)
    res.json(await answerGeneration(req, canceled))
  })

  return {
    path: '/api/generations',
    access: 'token',
    handler: router,
    hot: [{ method: 'GET', pattern: '/api/generations/:id', handlers: [readOne] }],
  }
}

const throwUnavailable = (cause: unknown): never => {
  throw new AppError('unavailable', 'The image store does not answer; try again shortly.', {
    retryable: true,
    retryAfterMs: 2_000,
    cause,
  })
}
