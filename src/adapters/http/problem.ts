import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express'
import type { Logger } from 'pino'
import { ZodError } from 'zod'
import type { Problem } from '../../contract/problem.ts'
import { AppError, type ErrorCode } from '../../lib/errors.ts'
import { RateLimited, setRateHeaders } from './rates/rate-limited.ts'

/** What is wrong, for whoever tells it in another form than a problem document's. */
export type ProblemToPresent = Omit<Problem, 'type' | 'imageUrl' | 'isPlaceholder'> & {
  code: ErrorCode
  retryAfterMs: number | undefined
}

/** A problem as the callers of some path read it; sent as `application/json`. */
export type PresentedProblem = {
  /** Where it is another than ours. */
  status?: number
  headers?: Record<string, string>
  body: object
}

export type PresentProblem = (problem: ProblemToPresent, req: Request) => PresentedProblem

const statusByCode: Record<ErrorCode, number> = {
  invalid_request: 400,
  malformed_json: 400,
  unauthenticated: 401,
  forbidden: 403,
  refused_by_policy: 403,
  upstream_key_required: 403,
  not_found: 404,
  already_finished: 409,
  in_flight: 409,
  not_retryable: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  invalid_image: 422,
  hook_replayed: 409,
  too_many_webhooks: 409,
  too_much_kept: 409,
  webhook_disabled: 409,
  nothing_to_judge: 409,
  erasure_under_way: 409,
  too_many_exports: 429,
  idempotency_key_reused: 422,
  refused_prompt: 422,
  refused_image: 422,
  no_image: 502,
  ambiguous: 502,
  unauthorized: 502,
  model_gone: 502,
  attempts_exhausted: 502,
  worker_lost: 502,
  too_many_queued: 429,
  budget_exceeded: 429,
  spending_paused: 503,
  upstream_key_refused: 403,
  upstream_key_limited: 429,
  provider_unavailable: 503,
  rate_limited: 429,
  overloaded: 503,
  unavailable: 503,
  timeout: 504,
  deadline_exceeded: 504,
  canceled: 409,
  superseded: 409,
  condition_image_gone: 409,
  image_deleted: 410,
  image_lost: 410,
  internal: 500,
}

/** Every code that an answer may have. */
export const ERROR_CODES = Object.keys(statusByCode) as ErrorCode[]

const titleByStatus: Record<number, string> = {
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  409: 'Conflict',
  410: 'Gone',
  413: 'Too large',
  415: 'Unsupported media type',
  422: 'Not acceptable as it is',
  429: 'Too many requests',
  500: 'Internal error',
  502: 'The image provider failed',
  503: 'Not available now',
  504: 'The image provider took too long',
}

/**
 * The last handler: every error leaves as `application/problem+json`, or as `present` has it, and none takes a stack with it.
 */
export const createErrorHandler =
  (logger: Logger, present?: PresentProblem): ErrorRequestHandler =>
  (error: unknown, req, res, _next) => {
    const problems = describeErrors(error)
    const { code } = problems[0]
    if (code === 'internal') logger.error({ err: error, requestId: res.locals.requestId }, 'failed')
    // It says nothing of its own then but that it is not whole.
    if (res.headersSent) res.destroy()
    else sendProblem(req, res, problems, present)
  }

export const notFoundHandler: RequestHandler = (req) => {
  throw new AppError('not_found', `There is nothing at ${req.method} ${req.path}.`)
}

/** Names what an error is, as it is told to callers. */
export const describeProblem = (error: unknown, res: Response): ProblemToPresent =>
  toProblem(describeErrors(error), res)

const toProblem = (problems: [AppError, ...AppError[]], res: Response): ProblemToPresent => {
  const [first] = problems
  const status = statusByCode[first.code]
  const pointed = problems.filter((problem) => problem.pointer !== undefined)
  return {
    title: titleByStatus[status] ?? 'Error',
    status,
    detail: problems.map(describe).join('; '),
    code: first.code,
    retryable: first.retryable,
    requestId: res.locals.requestId,
    retryAfterMs: first.retryAfterMs,
    ...(pointed.length > 0 && {
      errors: pointed.map(({ pointer = '', message }) => ({ pointer, detail: message })),
    }),
  }
}

const sendProblem = (
  req: Request,
  res: Response,
  problems: [AppError, ...AppError[]],
  present: PresentProblem | undefined,
) => {
  const [first] = problems
  const problem = toProblem(problems, res)
  const { retryAfterMs, ...described } = problem
  const { status } = described
  if (status === 401) res.set('WWW-Authenticate', 'Bearer realm="imageonce"')
  if (first instanceof RateLimited) setRateHeaders(res, first.standing)
  if (retryAfterMs !== undefined) res.set('Retry-After', String(Math.ceil(retryAfterMs / 1_000)))
  if (present) {
    const { status: shown = status, headers = {}, body } = present(problem, req)
    res.set(headers).status(shown).type('application/json').send(JSON.stringify(body))
    return
  }
  const type = `urn:imageonce:problem:${first.code}`
  const body: Problem = { type, ...described, ...res.locals.placeholder }
  res.status(status).type('application/problem+json').send(JSON.stringify(body))
}

const describe = ({ pointer, message }: AppError) =>
  pointer?.startsWith('/') ? `${pointer.slice(1)} ${message}` : message

const describeErrors = (error: unknown): [AppError, ...AppError[]] => {
  if (error instanceof AppError) return [error]
  if (error instanceof ZodError) return describeIssues(error)
  return [fromBodyParser(error) ?? internal(error)]
}

const describeIssues = (error: ZodError): [AppError, ...AppError[]] => {
  const [first, ...rest] = error.issues
    .flatMap((issue) => {
      if (issue.code === 'unrecognized_keys') {
        const keys = issue.keys.slice(0, MAX_PROBLEMS)
        return keys.map((key) => invalid(toPointer([...issue.path, key]), 'is not a known field'))
      }
      return [invalid(toPointer(issue.path), issue.message)]
    })
    .slice(0, MAX_PROBLEMS)
  return [first ?? invalid('', error.message), ...rest]
}

/** Nobody mends more at once; a hostile body could name a hundred thousand. */
const MAX_PROBLEMS = 20
const MAX_POINTER_CHARACTERS = 200

/** RFC 6901. */
const toPointer = (path: readonly PropertyKey[]): string =>
  path
    .map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('')
    .slice(0, MAX_POINTER_CHARACTERS)
    .toWellFormed()

const invalid = (pointer: string, message: string) =>
  new AppError('invalid_request', message, { pointer })

/** Express's body parsers say what went wrong by `type` (npm body-parser, "Errors"). */
const fromBodyParser = (error: unknown): AppError | undefined => {
  const type = error instanceof Error && 'type' in error ? error.type : undefined
  if (type === 'entity.parse.failed') {
    return new AppError('malformed_json', 'The body is not valid JSON.')
  }
  if (type === 'entity.too.large') {
    return new AppError('payload_too_large', 'The body is too large.')
  }
  if (type === 'encoding.unsupported' || type === 'charset.unsupported') {
    return new AppError('unsupported_media_type', 'This encoding of the body is not supported.')
  }
  if (error instanceof URIError) {
    return new AppError('invalid_request', 'The address is not properly encoded.')
  }
  const status = error instanceof Error && 'status' in error ? Number(error.status) : 500
  const isTheirs = status >= 400 && status < 500
  return isTheirs ? new AppError('invalid_request', 'The body could not be read.') : undefined
}

const internal = (cause: unknown) =>
  new AppError('internal', 'Something went wrong on our side.', { retryable: true, cause })
