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
import { isTerminal, type OutputFormat } from '../../../contract/vocabulary.ts'
import type { GenerationWithImage } from '../../../generation/state/repository.ts'
import { isPresumed } from '../../../generation/state/repository.ts'
import type { NearestLimit } from '../../../generation/state/spending-limits.ts'
import type { Submission } from '../../../generation/submit/find-or-create.ts'
import type { SubmitDeps } from '../../../generation/submit/submit.ts'
import { submitMany } from '../../../generation/submit/submit-many.ts'
import { AppError } from '../../../lib/errors.ts'
import { type Asked, sendSubmitted } from '../answer-generation.ts'
import { principalOf } from '../auth.ts'
import { letGoOfBody } from '../bound-bodies.ts'
import type { AssertMayAsk } from '../caller-policy.ts'
import { withForcedBy } from '../forced-by.ts'
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
import type { PayerOf } from '../upstream-key.ts'

export type VisualizeDeps = {
  submit: SubmitDeps
  assertMayAsk: AssertMayAsk
  payerOf: PayerOf
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
      const taken = await submitBody(deps, req, res, parseIdempotencyKey(req))
      setPreferenceApplied(res, waitSeconds)
      await answer(http, deps, req, res, taken, waitSeconds ?? 0)
    },
  ]
  router.post('/generate', generate)

  router.post('/image', announceSuccessor(http), ...imageJsonBody(), async (req, res) => {
    const taken = await submitBody(deps, req, res, undefined, { skipExistingCheck: true })
    await answer(http, deps, req, res, taken, longestWaitSeconds)
  })

  return {
    path: '/api/visualize',
    access: 'token',
    handler: router,
    onError: offerPlaceholder(deps),
    hot: [{ method: 'POST', pattern: '/api/visualize/generate', handlers: generate }],
  }
}

/** What was submitted, and how its pictures are to be handed over. */
type Taken = {
  submissions: [Submission, ...Submission[]]
  outputFormat: OutputFormat | undefined
}

/** A condition image is not kept while its answer is waited for. */
const submitBody = async (
  { submit, assertMayAsk, payerOf }: Pick<VisualizeDeps, 'submit' | 'assertMayAsk' | 'payerOf'>,
  req: Request,
  res: Response,
  idempotencyKey: string | undefined,
  forced: Pick<GenerationRequest, 'skipExistingCheck'> | undefined = undefined,
): Promise<Taken> => {
  const payer = payerOf(req, res)
  const request = parseBody(generationRequestSchema, req.body)
  const principal = principalOf(res)
  assertMayAsk(principal, request)
  const submissions = await submitMany(
    submit,
    principal.ownerId,
    withForcedBy(req, res, { ...request, ...forced }),
    idempotencyKey,
    payer,
  )
  letGoOfBody(req, res)
  return { submissions, outputFormat: request.outputFormat }
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
  { submissions, outputFormat }: Taken,
  waitSeconds: number,
): Promise<void> => {
  const nearest = findNearest(submissions)
  if (nearest && nearest.share >= warnShare) res.set('Imageonce-Budget', formatWarning(nearest))
  const until = performance.now() + waitSeconds * 1_000
  const wait = async ({ generation, kind, queuePosition }: Submission): Promise<Asked> => {
    const row = await waitUntil(http, res, generation, until)
    const reuse = kind === 'exact' || kind === 'joined' ? kind : undefined
    return { row, queuePosition, reuse, outputFormat }
  }
  const [first, ...rest] = submissions
  const asked = await wait(first)
  const others: Asked[] = []
  // One after the other: an owner has few places to wait in.
  for (const each of rest) others.push(await wait(each))
  const answered = await sendSubmitted(http, req, res, asked, others)
  for (const [index, { row, reuse }] of [asked, ...others].entries()) {
    if (reuse) recordReuse(row, answered[index]?.reuse)
  }
}

const waitUntil = (
  http: HttpContext,
  res: Response,
  submitted: GenerationWithImage,
  until: number,
): Promise<GenerationWithImage> | GenerationWithImage => {
  const leftSeconds = (until - performance.now()) / 1_000
  const isWaited = leftSeconds > 0 && !isTerminal(submitted.status) && !isPresumed(submitted)
  return isWaited ? waitInPlace(http, res, submitted, leftSeconds) : submitted
}

const findNearest = (submissions: readonly Submission[]): NearestLimit | undefined =>
  submissions
    .flatMap(({ nearest }) => nearest ?? [])
    .reduce<NearestLimit | undefined>(
      (most, each) => (most && most.share >= each.share ? most : each),
      undefined,
    )

/** An item with parameters (RFC 9651). It tells whose limit it is by its kind alone: what others spend is not the caller's to know. */
const formatWarning = ({ scope, period, resetsAt, share }: NearestLimit): string => {
  const [kind] = scope.split(':')
  const used = kind === 'owner' || kind === 'key' ? `;used=${share.toFixed(3)}` : ''
  return `${kind};period=${period}${used};resets="${resetsAt.toISOString()}"`
}
