import { setMaxListeners } from 'node:events'
import type { Request, Response } from 'express'
import { principalOf } from '../../adapters/http/auth.ts'
import { letGoOfBody } from '../../adapters/http/bound-bodies.ts'
import type { AssertMayAsk } from '../../adapters/http/caller-policy.ts'
import { withForcedBy } from '../../adapters/http/forced-by.ts'
import { type HttpContext, whileConnected } from '../../adapters/http/http-context.ts'
import { parseBody } from '../../adapters/http/parse-request.ts'
import type { PayerOf } from '../../adapters/http/upstream-key.ts'
import type { Reuse } from '../../contract/generation.ts'
import { generationRequestSchema } from '../../contract/generation-request.ts'
import { isTerminal } from '../../contract/vocabulary.ts'
import { waitForTerminal } from '../../generation/read/follow.ts'
import { type AnswerContext, describeReuse } from '../../generation/read/present.ts'
import type { GenerationWithImage } from '../../generation/state/repository.ts'
import type { Submission } from '../../generation/submit/find-or-create.ts'
import type { SubmitDeps } from '../../generation/submit/submit.ts'
import { keyOfPlace, submitPlaces } from '../../generation/submit/submit-many.ts'
import { AppError, type ErrorCode } from '../../lib/errors.ts'
import { setAnswerHeaders, setGenerationHeader } from './answer-headers.ts'
import type { Answered, Ask, AskForEnds, Gateway, Submit, Wanted } from './gateway.ts'
import { type Numbered, type ParallelCall, setApart } from './parallel-calls.ts'
import { parseWishes, type Wishes } from './wishes.ts'

export type AskDeps = {
  submit: SubmitDeps
  assertMayAsk: AssertMayAsk
  payerOf: PayerOf
  listPriceUsd: AnswerContext['listPriceUsd']
  /** Records an answer that cost nothing. */
  recordReuse: (generation: GenerationWithImage, reuse: Reuse | undefined) => void
  /** Which of the equal calls of a moment one is, from 1. */
  findPlace: (call: ParallelCall) => Promise<number>
  /** The longest that a call is held open. */
  maxCallSeconds: number
  holdPlace: Gateway['holdPlace']
}

type Http = Pick<HttpContext, 'watcher' | 'shutdown'>

/** See `Ask`, `AskForEnds` and `Submit`. */
export const createAsk = (
  http: Http,
  deps: AskDeps,
): { ask: Ask; askForEnds: AskForEnds; submit: Submit } => {
  const submitAndLetGo = async (req: Request, res: Response, describe: () => Wanted[]) => {
    const submissions = await submitAll(deps, req, res, describe)
    letGoOfBody(req, res)
    res.locals.generationId = submissions[0]?.generation.id
    setGenerationHeader(res, submissions)
    return submissions
  }
  const toAnswered = ({ kind }: Submission, generation: GenerationWithImage): Answered => {
    const source = kind === 'exact' || kind === 'joined' ? kind : undefined
    const reuse = describeReuse(generation, source, deps.listPriceUsd)
    if (source) deps.recordReuse(generation, reuse)
    return { generation, reuse }
  }

  const ask: Ask = async (req, res, describe, onAsked) => {
    const { rows, answered } = await askForEnds(req, res, describe, { onAsked })
    for (const row of rows) assertSucceeded(row)
    return answered
  }
  const askForEnds: AskForEnds = async (req, res, describe, options = {}) => {
    const timeoutMs = Math.min(options.timeoutMs ?? Infinity, deps.maxCallSeconds * 1_000)
    deps.holdPlace(res)
    const submissions = await submitAndLetGo(req, res, describe)
    await options.onAsked?.(submissions.map(({ generation }) => generation))
    const rows = await waitForAll(http, res, submissions, timeoutMs)
    const answered = submissions.flatMap((submission, at) => {
      const row = rows[at]
      return row?.status === 'succeeded' ? toAnswered(submission, row) : []
    })
    if (answered.length > 0 && !res.headersSent) setAnswerHeaders(res, answered)
    return { rows, answered }
  }
  const submit: Submit = async (req, res, describe) => {
    const submissions = await submitAndLetGo(req, res, describe)
    setAnswerHeaders(
      res,
      submissions.map((submission) => toAnswered(submission, submission.generation)),
    )
    return submissions
  }
  return { ask, askForEnds, submit }
}

const submitAll = async (
  { submit, assertMayAsk, payerOf, findPlace }: AskDeps,
  req: Request,
  res: Response,
  describe: () => Wanted[],
): Promise<Submission[]> => {
  const wishes = parseWishes(req)
  const payer = payerOf(req, res)
  const principal = principalOf(res)
  const requests = describe().map((wanted) => withForcedBy(req, res, toRequest(wanted, wishes)))
  for (const request of requests) assertMayAsk(principal, request)
  const apart = await setApart(findPlace, principal, wishes, requests)
  const [first, ...others] = apart.map((request, at) => ({
    request,
    key: keyOfPlace(wishes.idempotencyKey, at + 1),
  }))
  if (!first) return []
  return submitPlaces(submit, principal.ownerId, [first, ...others], payer)
}

const toRequest = (
  { number = 1, providerRequest, ...wanted }: Wanted,
  { skipExistingCheck, variant }: Pick<Wishes, 'skipExistingCheck' | 'variant'>,
): Numbered => ({
  ...parseBody(generationRequestSchema, { ...wanted, skipExistingCheck, variant }),
  ...(number > 1 && { number }),
  ...(providerRequest && { providerRequest }),
})

const waitForAll = async (
  http: Http,
  res: Response,
  submissions: readonly Submission[],
  timeoutMs: number,
): Promise<GenerationWithImage[]> => {
  const underWay = submissions.filter(({ generation }) => !isTerminal(generation.status))
  if (underWay.length === 0) return submissions.map(({ generation }) => generation)
  const signal = whileConnected(http, res)
  setMaxListeners(0, signal)
  const limits = { timeoutMs, signal, isPatient: true }
  return Promise.all(
    submissions.map(async ({ generation }) => {
      if (isTerminal(generation.status)) return generation
      const ended = await waitForTerminal(http.watcher, generation, limits)
      if (ended) return ended
      throw http.shutdown.aborted
        ? stopping()
        : signal.aborted
          ? hungUp()
          : tooLate(timeoutMs / 1_000)
    }),
  )
}

const assertSucceeded = (row: GenerationWithImage): void => {
  if (row.status === 'succeeded') return
  const code = (row.errorCode ?? 'internal') as ErrorCode
  const retryable = row.errorRetryable ?? false
  throw new AppError(code, row.errorMessage ?? 'There is no image.', {
    retryable,
    ...(retryable && { retryAfterMs: RETRY_AFTER_MS }),
  })
}

/** What failed was tried for as long as that seemed of use. */
const RETRY_AFTER_MS = 5_000

export const stopping = () =>
  new AppError('unavailable', 'The server is stopping; send this again, and it goes on.', {
    retryable: true,
    retryAfterMs: 1_000,
  })

/** Nobody reads it. */
export const hungUp = () => new AppError('canceled', 'The caller has hung up.')

const tooLate = (seconds: number) =>
  new AppError(
    'timeout',
    `The image is still in the making after ${seconds} s; send this again to wait on.`,
    { retryable: true, retryAfterMs: 1_000 },
  )
