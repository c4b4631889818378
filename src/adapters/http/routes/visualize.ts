import {
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
  Router,
} from 'express'
import type { Reuse } from '../../../contract/generation.ts'
import { generationRequestSchema } from '../../../contract/generation-request.ts'
import { isTerminal } from '../../../contract/vocabulary.ts'
import { waitForTerminal } from '../../../generation/read/follow.ts'
import type { GenerationWithImage } from '../../../generation/state/repository.ts'
import { isPresumed } from '../../../generation/state/repository.ts'
import type { Submission } from '../../../generation/submit/find-or-create.ts'
import { type SubmitDeps, submitGeneration } from '../../../generation/submit/submit.ts'
import { AppError } from '../../../lib/errors.ts'
import { sendSubmitted } from '../answer-generation.ts'
import { principalOf } from '../auth.ts'
import type { AssertMayAsk } from '../caller-policy.ts'
import { type HttpContext, whileConnected } from '../http-context.ts'
import {
  imageJsonBody,
  parseBody,
  parseIdempotencyKey,
  parsePreferWait,
  setPreferenceApplied,
} from '../parse-request.ts'
import { type DrawPlaceholder, drawPlaceholderUrl } from '../placeholder.ts'

export type VisualizeDeps = {
  submit: SubmitDeps
  assertMayAsk: AssertMayAsk
  interactiveDeadlineMs: number
  placeholder: DrawPlaceholder
  /** Records an answer that cost nothing. */
  recordReuse: (generation: GenerationWithImage, reuse: Reuse | undefined) => void
}

/** When `/api/visualize/image` was superseded, for its `Deprecation` header (RFC 9745). */
const SUPERSEDED_AT = Date.UTC(2026, 10, 1) / 1_000

/** Submitting a generation. */
export const createVisualizeRoutes = (http: HttpContext, deps: VisualizeDeps): Router => {
  const { submit, assertMayAsk, interactiveDeadlineMs } = deps
  const longestWaitMs = Math.min(interactiveDeadlineMs, http.maxWaitSeconds * 1_000)
  const router = Router()

  router.post('/generate', ...imageJsonBody(), async (req, res) => {
    const waitSeconds = parsePreferWait(req, http.maxWaitSeconds)
    const idempotencyKey = parseIdempotencyKey(req)
    const request = parseBody(generationRequestSchema, req.body)
    const principal = principalOf(res)
    assertMayAsk(principal, request)
    const submission = await submitGeneration(submit, principal.ownerId, request, idempotencyKey)
    setPreferenceApplied(res, waitSeconds)
    await answer(http, deps, req, res, submission, (waitSeconds ?? 0) * 1_000)
  })

  router.post('/image', announceSuccessor(http), ...imageJsonBody(), async (req, res) => {
    const request = parseBody(generationRequestSchema, req.body)
    assertMayAsk(principalOf(res), request)
    const forced = { ...request, skipExistingCheck: true }
    const submission = await submitGeneration(submit, principalOf(res).ownerId, forced)
    await answer(http, deps, req, res, submission, longestWaitMs)
  })

  router.use(offerPlaceholder(deps))
  return router
}

/** On every answer, refusals included: its reader learns where to go. */
const announceSuccessor =
  ({ urlsFor }: HttpContext): RequestHandler =>
  (req, res, next) => {
    res.set({
      Deprecation: `@${SUPERSEDED_AT}`,
      Link: `<${urlsFor(req).base}/api/visualize/generate>; rel="successor-version"`,
    })
    next()
  }

/** The caller's flow goes on with a placeholder, whatever keeps the image from being asked for (ADR 18). */
const offerPlaceholder =
  ({ placeholder }: Pick<VisualizeDeps, 'placeholder'>): ErrorRequestHandler =>
  async (error: unknown, req, res, next) => {
    const passes = error instanceof AppError && error.retryable
    const kind = passes ? 'pending' : 'failed'
    const imageUrl = await drawPlaceholderUrl(placeholder, kind, req.body?.aspectRatio)
    res.locals.placeholder = { imageUrl, isPlaceholder: true }
    next(error)
  }

const answer = async (
  http: HttpContext,
  { recordReuse }: VisualizeDeps,
  req: Request,
  res: Response,
  { generation: submitted, kind, queuePosition }: Submission,
  timeoutMs: number,
): Promise<void> => {
  const newest =
    timeoutMs > 0 && !isTerminal(submitted.status) && !isPresumed(submitted)
      ? await waitForTerminal(http, submitted.id, { timeoutMs, signal: whileConnected(http, res) })
      : submitted
  const row = newest ?? submitted
  const reuse = kind === 'exact' || kind === 'joined' ? kind : undefined
  const answered = await sendSubmitted(http, req, res, row, { reuse, queuePosition })
  if (reuse) recordReuse(row, answered.reuse)
}
