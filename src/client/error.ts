import type { Problem } from '../contract/problem.ts'

export type ImageonceErrorOptions = {
  retryable?: boolean | undefined
  /** The HTTP status; 0 where nobody answered. */
  status?: number | undefined
  retryAfterMs?: number | undefined
  problem?: Partial<Problem> | undefined
  cause?: unknown
}

/**
 * Why there is no answer, or no image. `code` is the server's own (docs/http.md), or one of the client's: `unreachable`,
 * `timeout`, `bad_answer`. `retryable` says whether asking again may help.
 */
export class ImageonceError extends Error {
  override readonly name = 'ImageonceError'
  readonly code: string
  readonly retryable: boolean
  readonly status: number
  readonly retryAfterMs: number | undefined
  /** What the server answered, where it did. */
  readonly problem: Partial<Problem> | undefined

  constructor(code: string, message: string, options: ImageonceErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.code = code
    this.retryable = options.retryable ?? false
    this.status = options.status ?? 0
    this.retryAfterMs = options.retryAfterMs
    this.problem = options.problem
  }
}

/** Trouble on the way or at the server, which the same request may outlive. */
export const isTransient = (error: unknown): error is ImageonceError =>
  error instanceof ImageonceError &&
  error.retryable &&
  (error.status === 0 || error.status === 408 || error.status === 429 || error.status >= 500)

export const unreachable = (cause: unknown) =>
  new ImageonceError('unreachable', 'The image server cannot be reached.', {
    retryable: true,
    cause,
  })

export const timedOut = () =>
  new ImageonceError('timeout', 'The image server did not answer in time.', { retryable: true })

/** The error in a response, from the server or from a proxy on the way. */
export const readProblem = async (response: Response): Promise<ImageonceError> => {
  const { status } = response
  const problem = (await response.json().catch(() => undefined)) as Partial<Problem> | undefined
  return new ImageonceError(
    problem?.code ?? `http_${status}`,
    problem?.detail ?? `The image server answered with status ${status}.`,
    {
      status,
      retryable: problem?.retryable ?? (status === 408 || status === 429 || status >= 500),
      retryAfterMs: parseRetryAfter(response.headers.get('Retry-After')),
      problem,
    },
  )
}

/** RFC 9110, section 10.2.3: seconds, or a date. */
const parseRetryAfter = (header: string | null): number | undefined => {
  if (header === null) return undefined
  const delayMs = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now()
  return Number.isNaN(delayMs) ? undefined : Math.max(0, delayMs)
}
