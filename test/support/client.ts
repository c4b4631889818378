import { type Generation, generationSchema } from '../../src/contract/generation.ts'
import { type Problem, problemSchema } from '../../src/contract/problem.ts'
import { isTerminal } from '../../src/contract/vocabulary.ts'
import type { TestApp } from './app.ts'

export type Answer<T> = { status: number; headers: Headers; body: T }

export type Client = Awaited<ReturnType<typeof createClient>>

/** Calls a test app as one owner. */
export const createClient = async (
  app: Pick<TestApp, 'url' | 'token'>,
  owner = 'alice',
  admin = false,
) => {
  const authorization = `Bearer ${await app.token(owner, admin)}`

  const call = async <T>(
    method: string,
    path: string,
    {
      body,
      headers = {},
      signal = null,
    }: { body?: unknown; headers?: Record<string, string>; signal?: AbortSignal | null } = {},
  ): Promise<Answer<T>> => {
    const isJson = body !== undefined && !(body instanceof Uint8Array) && typeof body !== 'string'
    const response = await fetch(path.startsWith('http') ? path : `${app.url}${path}`, {
      method,
      headers: { authorization, ...(isJson && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: isJson ? JSON.stringify(body) : (body as string) }),
      redirect: 'manual',
      signal,
    })
    const text = await response.text()
    const isParsed = text !== '' && /json/.test(response.headers.get('content-type') ?? '')
    return {
      status: response.status,
      headers: response.headers,
      body: (isParsed ? JSON.parse(text) : text) as T,
    }
  }

  /** An answer that must be a generation as the contract has it. */
  const callForGeneration = async (
    ...request: Parameters<typeof call>
  ): Promise<Answer<Generation>> => {
    const answer = await call<Generation>(...request)
    if (answer.status === 200 || answer.status === 202) {
      generationSchema.strict().parse(answer.body)
    }
    return answer
  }

  const generate = (body: Record<string, unknown>, headers: Record<string, string> = {}) =>
    callForGeneration('POST', '/api/visualize/generate', { body, headers })

  /** Submits and waits for the end, a minute at most: some never end. */
  const generateAndWait = async (
    body: Record<string, unknown>,
    headers: Record<string, string> = {},
  ): Promise<Answer<Generation>> => {
    const answer = await generate(body, { Prefer: 'wait=20', ...headers })
    if (answer.status !== 202) return answer
    const { id, isExisting, reuse } = answer.body
    const later = await get(id, { Prefer: 'wait=40' })
    return { ...later, body: { ...later.body, isExisting, ...(reuse && { reuse }) } }
  }

  /** Waits until it is over, however slow the machine is. */
  const waitForEnd = async (id: string): Promise<Answer<Generation>> => {
    const answer = await get(id, { Prefer: 'wait=40' })
    return isTerminal(answer.body.status) || answer.status !== 200 ? answer : waitForEnd(id)
  }

  const get = (id: string, headers: Record<string, string> = {}) =>
    callForGeneration('GET', `/api/generations/${id}`, { headers })

  /** A request that must be refused, with a problem as the contract has it. */
  const fail = async (...request: Parameters<typeof call>): Promise<Answer<Problem>> => {
    const answer = await call<Problem>(...request)
    problemSchema.strict().parse(answer.body)
    return answer
  }

  return { call, generate, generateAndWait, waitForEnd, get, fail, authorization }
}
