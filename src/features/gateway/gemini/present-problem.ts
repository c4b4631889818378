import type { PresentProblem, ProblemToPresent } from '../../../adapters/http/problem.ts'

/** google.rpc.Code by HTTP status (googleapis, google/rpc/code.proto). */
const STATUS_NAMES: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

/** Statuses that Google's API has not, as the one that it would answer. */
const SHOWN_AS: Record<number, number> = { 410: 404, 413: 400, 415: 400, 422: 400, 502: 500 }

/** Where spending ends, clients are to see a quota that is used up, as Google's own. */
const shownStatus = ({ status, code }: ProblemToPresent): number =>
  code === 'spending_paused' ? 429 : (SHOWN_AS[status] ?? status)

/** A problem as Google's APIs have it (google.rpc.Status, with `RetryInfo` where it passes). */
export const presentProblem: PresentProblem = (problem) => {
  const code = shownStatus(problem)
  const status = STATUS_NAMES[code] ?? 'UNKNOWN'
  // In our own request they have another place.
  const message = problem.detail.replace(
    /^(providerRequest\/images|conditionImages|turns\/\d+\/images)\/(\d+)/,
    'inlineData',
  )
  return { status: code, body: { error: { code, message, status, details: describe(problem) } } }
}

const describe = ({ code, requestId, retryAfterMs, errors = [] }: ProblemToPresent): object[] => [
  {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: code.toUpperCase(),
    domain: 'imageonce',
    metadata: { requestId },
  },
  ...(errors.length > 0
    ? [
        {
          '@type': 'type.googleapis.com/google.rpc.BadRequest',
          fieldViolations: errors.map(({ pointer, detail }) => ({
            field: pointer,
            description: detail,
          })),
        },
      ]
    : []),
  ...(retryAfterMs === undefined
    ? []
    : [
        {
          '@type': 'type.googleapis.com/google.rpc.RetryInfo',
          retryDelay: `${Math.ceil(retryAfterMs / 1_000)}s`,
        },
      ]),
]
