import {
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
  Router,
} from 'express'
import { isDatabaseAway } from '../../../../db/away.ts'
import { generationRequestSchema } from '../../../contract/generation-request.ts'
import { isTerminal } from '../../../contract/vocabulary.ts'
import { waitForTerminal } from '../../../generation/read/follow.ts'
import { isPresumed } from '../../../generation/submit/deferred-submission.ts'
import { type Submission, submitGeneration } from '../../../generation/submit/submit.ts'
import { AppError } from '../../../lib/errors.ts'
import { jsonBody } from '../body.ts'
import { answerGeneration, type HttpContext, principalOf, whileConnected } from '../http-context.ts'
import { parseIdempotencyKey } from '../idempotency-key.ts'
import { createUrls } from '../image-urls.ts'
import { drawStandIn } from '../placeholder.ts'
import { parsePreferWait, setPreferenceApplied } from '../prefer.ts'

/** When `/api/visualize/image` was superseded, for its `Deprecation` header (RFC 9745). */
const SUPERSEDED_AT = Date.UTC(2026, 10, 1) / 1_000

const RETRY_AFTER_SECONDS = 2

/** Submitting a generation. */
export const createVisualizeRoutes = (context: HttpContext): Router => {
  const router = Router()

  router.post('/generate', ...jsonBody(), async (req, res) => {
    const waitSeconds = parsePreferWait(req)
    const idempotencyKey = parseIdempotencyKey(req)
    const request = generationRequestSchema.parse(req.body, { reportInput: true })
    const { ownerId } = principalOf(res)
    const submission = await submitGeneration(context.submit, ownerId, request, idempotencyKey)
    setPreferenceApplied(res, waitSeconds)
    await answer(context, req, res, submission, (waitSeconds ?? 0) * 1_000)
  })

  router.post('/image', announceSuccessor(context), ...jsonBody(), async (req, res) => {
    const request = generationRequestSchema.parse(req.body, { reportInput: true })
    const forced = { ...request, skipExistingCheck: true }
    const submission = await submitGeneration(context.submit, principalOf(res).ownerId, forced)
    await answer(context, req, res, submission, context.interactiveDeadlineMs)
  })

  router.use(offerPlaceholder(context))
  return router
}

/** On every answer, the refusals too: whoever reads it learns where to go. */
const announceSuccessor =
  ({ signer, publicUrl }: HttpContext): RequestHandler =>
  (req, res, next) => {
    const { base } = createUrls(signer, publicUrl, req)
    res.set({
      Deprecation: `@${SUPERSEDED_AT}`,
      Link: `<${base}/api/visualize/generate>; rel="successor-version"`,
    })
    next()
  }

/** The caller's flow goes on with a stand-in, whatever keeps the picture from being asked for (ADR 18). */
const offerPlaceholder =
  (context: HttpContext): ErrorRequestHandler =>
  async (error: unknown, req, res, next) => {
    const passes = (error instanceof AppError && error.retryable) || isDatabaseAway(error)
    const kind = passes ? 'pending' : 'failed'
    const imageUrl = await drawStandIn(context, kind, req.body?.aspectRatio)
    res.locals.placeholder = { imageUrl, isPlaceholder: true }
    next(error)
  }

const answer = async (
  context: HttpContext,
  req: Request,
  res: Response,
  { generation: submitted, kind, queuePosition }: Submission,
  timeoutMs: number,
): Promise<void> => {
  res.locals.generationId = submitted.id
  const newest =
    timeoutMs > 0 && !isTerminal(submitted.status) && !isPresumed(submitted)
      ? await waitForTerminal(context, submitted.id, {
          timeoutMs,
          signal: whileConnected(context, res),
        })
      : submitted
  const row = newest ?? submitted
  const reuse = kind === 'exact' || kind === 'joined' ? kind : undefined
  const generation = await answerGeneration(context, req, row, { reuse, queuePosition })
  if (reuse) context.onReuse(row, generation.reuse)
  res.set({ Location: generation.urls.self, 'Cache-Control': 'no-store' })
  if (!isTerminal(row.status)) res.status(202).set('Retry-After', String(RETRY_AFTER_SECONDS))
  res.json(generation)
}
