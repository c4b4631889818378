import type { Generation } from '../../src/contract/generation.ts'
import { waitFor } from '../support/wait-for.ts'
import type { Stack } from './stack.ts'

export type ChaosClient = Awaited<ReturnType<typeof createChaosClient>>

export type Sent = { status: number; generation: Generation; retryAfter: string | null }

const PATIENCE_MS = 60_000

/** An app that does as it should: it asks again, another API if need be, until its request has been taken. */
export const createChaosClient = async (
  stack: Pick<Stack, 'apis' | 'signTokenFor'>,
  owner = 'alice',
) => {
  const authorization = `Bearer ${await stack.signTokenFor(owner)}`
  const accepted = new Map<string, string>()
  let failures = 0
  let turn = 0

  /** One request to one API. Rejects when the connection breaks. */
  const submitTo = async (
    url: string,
    prompt: string,
    headers: Record<string, string> = {},
    fields: Record<string, unknown> = {},
  ): Promise<Sent> => {
    const response = await fetch(`${url}/api/visualize/generate`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ prompt, ...fields }),
    })
    const generation = (await response.json()) as Generation
    if (response.ok) accepted.set(generation.id, prompt)
    return { status: response.status, generation, retryAfter: response.headers.get('retry-after') }
  }

  /** Until an API has answered 200 or 202. */
  const submit = (prompt: string, headers?: Record<string, string>): Promise<Generation> =>
    insist(`"${prompt}" to be accepted`, async (url) => {
      const { status, generation } = await submitTo(url, prompt, headers)
      return status < 300 && generation
    })

  const get = (id: string): Promise<Generation> =>
    insist(`an answer about ${id}`, async (url) => {
      const response = await fetch(`${url}/api/generations/${id}`, { headers: { authorization } })
      const body = (await response.json()) as Generation
      return response.ok && body
    })

  /** The bytes behind an image URL, which may name an API that is gone. */
  const download = (imageUrl: string): Promise<Buffer> => {
    const { pathname, search } = new URL(imageUrl)
    return insist(`the image at ${pathname}`, async (url) => {
      const response = await fetch(url + pathname + search)
      const bytes = Buffer.from(await response.arrayBuffer())
      return response.ok && bytes
    })
  }

  /** Asks one API after the other until the answer is truthy. */
  const insist = <T>(what: string, ask: (url: string) => Promise<T | false>): Promise<T> =>
    waitFor<T | false | undefined>(
      async () => {
        const urls = [...stack.apis].map(({ url }) => url)
        const url = urls[turn++ % urls.length]
        if (!url) return undefined
        try {
          const answer = await ask(url)
          if (!answer) failures++
          return answer
        } catch (error) {
          failures++
          throw error
        }
      },
      { what, timeoutMs: PATIENCE_MS },
    ) as Promise<T>

  return {
    submitTo,
    submit,
    get,
    download,
    /** The generations that were answered with 200 or 202: id and prompt. */
    accepted: accepted as ReadonlyMap<string, string>,
    /** Requests that broke or were refused, and were sent again. */
    countFailures: () => failures,
  }
}
