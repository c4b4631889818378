import type { Problem } from '../src/contract/problem.ts'

/** What the server refused, in its words. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly status: number
  readonly code: string

  constructor({ status, code, detail }: Pick<Problem, 'status' | 'code' | 'detail'>) {
    super(detail)
    this.status = status
    this.code = code
  }
}

type Call = {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  body?: unknown
  signal?: AbortSignal
}

/** One call to the API under the page's session; the answer's JSON. Throws `ProblemError`. */
export const callApi = async <T>(path: string, { method, body, signal }: Call = {}): Promise<T> => {
  const response = await fetch(path, {
    method: method ?? 'GET',
    ...(body !== undefined && {
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    }),
    ...(signal && { signal }),
  }).catch((cause: unknown) => {
    if (signal?.aborted) throw cause
    throw new ProblemError({
      status: 0,
      code: 'unreachable',
      detail: 'The server does not answer.',
    })
  })
  if (response.status === 204) return undefined as T
  const answer: unknown = await response.json().catch(() => undefined)
  if (response.ok) return answer as T
  const problem = new ProblemError({
    status: response.status,
    code: 'unknown',
    detail: `The server answered ${response.status}.`,
    ...(answer as Partial<Problem>),
  })
  if (response.status === 401) sessionEnds.dispatchEvent(new CustomEvent(OVER, { detail: problem }))
  throw problem
}

const sessionEnds = new EventTarget()
const OVER = 'over'

/** Calls `listener` when the server no longer knows the session. Returns a function that ends this. */
export const onSessionOver = (listener: (reason: ProblemError) => void): (() => void) => {
  const hear = (event: Event) => listener((event as CustomEvent<ProblemError>).detail)
  sessionEnds.addEventListener(OVER, hear)
  return () => sessionEnds.removeEventListener(OVER, hear)
}
