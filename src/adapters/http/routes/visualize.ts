import {
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
  Router,
} from 'express'
import type { Reuse } from '../../../contract/generation.ts'
import {
  type GenerationRequest,
  generationRequestSchema,
} from '../../../contract/generation-request.ts'
import { isTerminal } from '../../../contract/vocabulary.ts'
import type { GenerationWithImage } from '../../../generation/state/repository.ts'
import { isPresumed } from '../../../generation/state/repository.ts'
import type { NearestLimit } from '../../../generation/state/spending-limits.ts'
import type { Submission } from '../../../generation/submit/find-or-create.ts'
import { type SubmitDeps, submitGeneration } from '../../../generation/submit/submit.ts'
import { AppError } from '../../../lib/errors.ts'
import { sendSubmitted } from '../answer-generation.ts'
import { keyIdOf, principalOf } from '../auth.ts'
import { letGoOfBody } from '../bound-bodies.ts'
import type { AssertMayAsk } from '../caller-policy.ts'
import { type HttpContext, waitInPlace } from '../http-context.ts'
import type { MountedRoutes } from '../mounted-routes.ts'
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
  /** From which share of a limit to what is spent on is warned of it, from 0 to 1. */
  warnShare: number
  placeholder: DrawPlaceholder
  /** Records an answer that cost nothing. */
  recordReuse: (generation: GenerationWithImage, reuse: Reuse | undefined) => void
}

/** When `/api/visualize/image` was superseded, for its `Deprecation` header (RFC 9745). */
const SUPERSEDED_AT = Date.UTC(2026, 10, 1) / 1_000

/** Submitting a generation. */
export const createVisualizeRoutes = (http: HttpContext, deps: VisualizeDeps): MountedRoutes => {
  const { interactiveDeadlineMs } = deps
  const longestWaitSeconds = Math.min(interactiveDeadlineMs / 1_000, http.maxWaitSeconds)
  const router = Router()

  const generate: RequestHandler[] = [
    ...imageJsonBody(),
    async (req, res) => {
      const waitSeconds = parsePreferWait(req, http.maxWaitSeconds)
      const submission = await submitBody(deps, req, res, parseIdempotencyKey(req))
      setPreferenceApplied(res, waitSeconds)
      await answer(http, deps, req, res, submission, waitSeconds ?? 0)
    },
  ]
  router.post('/generate', generate)

  router.post('/image', announceSuccessor(http), ...imageJsonBody(), async (req, res) => {
    const submission = await submitBody(deps, req, res, undefined, { skipExistingCheck: true })
    await answer(http, deps, req, res, submission, longestWaitSeconds)
  })

  return {
    path: '/api/visualize',
    access: 'token',
    handler: router,
    onError: offerPlaceholder(deps),
    hot: [{ method: 'POST', pattern: '/api/visualize/generate', handlers: generate }],
  }
}

/** A condition image is not kept while its answer is waited for. */
const submitBody = async (
  { submit, assertMayAsk }: Pick<VisualizeDeps, 'submit' | 'assertMayAsk'>,
  req: Request,
  res: Response,
  idempotencyKey: string | undefined,
  forced: Pick<GenerationRequest, 'skipExistingCheck'> | undefined = undefined,
): Promise<Submission> => {
  const request = parseBody(generationRequestSchema, req.body)
  const principal = principalOf(res)
  assertMayAsk(principal, request)
  const submission = await submitGeneration(
    submit,
    principal.ownerId,
    { ...request, ...forced },
    idempotencyKey,
    keyIdOf(res),
  )
  letGoOfBody(req, res)
  return submission
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
    if (error instanceof AppError && error.code === 'unauthenticated') return next(error)
    const passes = error instanceof AppError && error.retryable
    const kind = passes ? 'pending' : 'failed'
    const imageUrl = await drawPlaceholderUrl(placeholder, kind, req.body?.aspectRatio)
    res.locals.placeholder = { imageUrl, isPlaceholder: true }
    next(error)
  }

const answer = async (
  http: HttpContext,
  { recordReuse, warnShare }: VisualizeDeps,
  req: Request,
  res: Response,
  { generation: submitted, kind, queuePosition, nearest }: Submission,
  waitSeconds: number,
): Promise<void> => {
  if (nearest && nearest.share >= warnShare) res.set('Imageonce-Budget', formatWarning(nearest))
  const isWaited = waitSeconds > 0 && !isTerminal(submitted.status) && !isPresumed(submitted)
  const row = isWaited ? await waitInPlace(http, res, submitted, waitSeconds) : submitted
  const reuse = kind === 'exact' || kind === 'joined' ? kind : undefined
  const answered = await sendSubmitted(http, req, res, row, { reuse, queuePosition })
  if (reuse) recordReuse(row, answered.reuse)
}

/** An item with parameters (RFC 9651). It tells whose limit it is by its kind alone: what others spend is not the caller's to know. */
const formatWarning = ({ scope, period, resetsAt, share }: NearestLimit): string => {
  const [kind] = scope.split(':')
  const used = kind === 'owner' || kind === 'key' ? `;used=${share.toFixed(3)}` : ''
  return `${kind};period=${period}${used};resets="${resetsAt.toISOString()}"`
}
