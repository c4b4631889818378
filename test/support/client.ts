import type { Generation } from '../../src/contract/generation.ts'
import type { Problem } from '../../src/contract/problem.ts'
import type { TestApp } from './app.ts'

export type Answer<T> = { status: number; headers: Headers; body: T }

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
    { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answer<T>> => {
    const isJson = body !== undefined && !(body instanceof Uint8Array) && typeof body !== 'string'
    const response = await fetch(path.startsWith('http') ? path : `${app.url}${path}`, {
      method,
      headers: { authorization, ...(isJson && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: isJson ? JSON.stringify(body) : (body as string) }),
      redirect: 'manual',
    })
    const text = await response.text()
    const isParsed = /json/.test(response.headers.get('content-type') ?? '')
    return {
      status: response.status,
      headers: response.headers,
      body: (isParsed ? JSON.parse(text) : text) as T,
    }
  }

  const generate = (body: Record<string, unknown>, headers: Record<string, string> = {}) =>
    call<Generation>('POST', '/api/visualize/generate', { body, headers })

  /** Submits and waits for the end. */
  const generateAndWait = (body: Record<string, unknown>, headers: Record<string, string> = {}) =>
    generate(body, { Prefer: 'wait=20', ...headers })

  const get = (id: string, headers: Record<string, string> = {}) =>
    call<Generation>('GET', `/api/generations/${id}`, { headers })

  const fail = (
    method: string,
    path: string,
    options: { body?: unknown; headers?: Record<string, string> } = {},
  ) => call<Problem>(method, path, options)

  return { call, generate, generateAndWait, get, fail, authorization }
}
