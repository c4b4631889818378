import type { PresentProblem, ProblemToPresent } from '../../../adapters/http/problem.ts'
import type { ErrorCode } from '../../../lib/errors.ts'

type Words = { status?: number; type: string; code: string }

/**
 * Where OpenAI has words of its own for what happened (API reference, "Error codes"). For all else the status says it, and the code is
 * ours: clients choose their class of error by the status, and people read the message.
 */
const WORDS: Partial<Record<ErrorCode, Words>> = {
  unauthenticated: { type: 'invalid_request_error', code: 'invalid_api_key' },
  rate_limited: { type: 'requests', code: 'rate_limit_exceeded' },
  upstream_key_limited: { type: 'requests', code: 'rate_limit_exceeded' },
  too_many_queued: { type: 'requests', code: 'rate_limit_exceeded' },
  budget_exceeded: { type: 'insufficient_quota', code: 'insufficient_quota' },
  refused_prompt: { status: 400, type: 'image_generation_user_error', code: 'moderation_blocked' },
  refused_image: { status: 400, type: 'image_generation_user_error', code: 'moderation_blocked' },
  invalid_image: { status: 400, type: 'invalid_request_error', code: 'invalid_image_file' },
}

/** What the app called the fields that a problem names. */
const PARAMS: Record<string, string> = {
  conditionImage: 'image',
  conditionImages: 'image',
  aspectRatio: 'size',
  imageSize: 'size',
  outputFormat: 'output_format',
}

/** One of our fields, where a message begins with it. */
const OURS = new RegExp(`^(${Object.keys(PARAMS).join('|')})(/\\d+)?(?= )`)

const renameField = (_whole: string, name: string): string => PARAMS[name] ?? name

/** What is not here, and what is to be used instead. */
const INSTEAD: [path: RegExp, message: string][] = [
  [
    /\/images\/variations$/,
    'Variations are no more: POST the picture to /images/edits, with a prompt that says what is to differ.',
  ],
  [
    /\/responses(\/|$)/,
    'Responses are a text model’s to give, and none answers here: ask for pictures by POST /images/generations or /images/edits.',
  ],
]

/** A problem in OpenAI's shape, and in headers of its clients whether they are to try again by themselves, and when. */
export const presentProblem: PresentProblem = (problem, req) => {
  const words = WORDS[problem.code]
  const status = words?.status ?? problem.status
  const { retryAfterMs } = problem
  return {
    status,
    headers: {
      'x-should-retry': String(isToBeRetried(problem)),
      ...(retryAfterMs !== undefined && { 'retry-after-ms': String(Math.ceil(retryAfterMs)) }),
    },
    body: {
      error: {
        message: findInstead(problem, req.originalUrl) ?? problem.detail.replace(OURS, renameField),
        type: words?.type ?? typeOf(status),
        param: paramOf(problem),
        code: words?.code ?? problem.code,
      },
    },
  }
}

/** A budget is not there again in a second, when its client would ask again. */
const isToBeRetried = ({ code, retryable }: ProblemToPresent): boolean =>
  retryable && code !== 'budget_exceeded'

const typeOf = (status: number): string => {
  if (status >= 500) return 'server_error'
  return status === 403 ? 'permission_error' : 'invalid_request_error'
}

const paramOf = ({ errors = [] }: ProblemToPresent): string | null => {
  const name = errors[0]?.pointer.split('/').find((part) => part !== '') ?? ''
  return PARAMS[name] ?? (name || null)
}

const findInstead = ({ code }: ProblemToPresent, url: string): string | undefined => {
  if (code !== 'not_found') return undefined
  const [path = ''] = url.split('?')
  return INSTEAD.find(([pattern]) => pattern.test(path))?.[1]
}
