import { Agent, request } from 'node:http'
import { json } from 'node:stream/consumers'
import { type Generation, generationSchema } from '../../src/contract/generation.ts'
import { isTerminal } from '../../src/contract/vocabulary.ts'
import { waitFor } from '../support/wait-for.ts'
import { createChaosClient } from './client.ts'
import type { Stack } from './stack.ts'

const PATIENCE_MS = 30_000

type Asking = { method: string; path: string; headers?: Record<string, string>; body?: object }

/**
 * An app that keeps its connections, leaves one as the server says (`Connection: close`, `Keep-Alive`), and where it is
 * refused tries the next API. How else a connection ended under a request is counted by its error.
 */
export const createKeepAliveClient = async (stack: Stack, owner = 'alice') => {
  const client = await createChaosClient(stack, owner)
  const authorization = `Bearer ${await stack.signTokenFor(owner)}`
  const agent = new Agent({ keepAlive: true })
  const accepted = new Map<string, string>()
  const breaks = new Map<string, number>()
  let refusals = 0
  let turn = 0

  const sendTo = (url: string, { method, path, headers, body }: Asking) =>
    new Promise<Generation | false>((resolve, reject) => {
      const type = body && { 'content-type': 'application/json' }
      const options = { agent, method, headers: { authorization, ...type, ...headers } }
      const outgoing = request(url + path, options, (response) => {
        json(response).then((answer) => {
          const parsed = generationSchema.safeParse(answer)
          resolve(parsed.success ? parsed.data : false)
        }, reject)
      })
      outgoing.on('error', reject)
      outgoing.end(body && JSON.stringify(body))
    })

  const insist = (asking: Asking) =>
    waitFor<Generation | false | undefined>(
      async () => {
        const urls = [...stack.apis].map(({ url }) => url)
        const url = urls[turn++ % urls.length]
        if (!url) return undefined
        try {
          return await sendTo(url, asking)
        } catch (error) {
          const { code = 'unknown' } = error as NodeJS.ErrnoException
          if (code === 'ECONNREFUSED') refusals++
          else breaks.set(code, (breaks.get(code) ?? 0) + 1)
          throw error
        }
      },
      { what: `an answer to ${asking.method} ${asking.path}`, timeoutMs: PATIENCE_MS },
    ) as Promise<Generation>

  /** Asks and then polls until it has its end, each time for as long as the server is willing to wait. */
  const generate = async (prompt: string): Promise<void> => {
    const asked = await insist({
      method: 'POST',
      path: '/api/visualize/generate',
      body: { prompt },
    })
    accepted.set(asked.id, prompt)
    let { status } = asked
    while (!isTerminal(status)) {
      const told = await insist({
        method: 'GET',
        path: `/api/generations/${asked.id}`,
        headers: { Prefer: 'wait=1' },
      })
      status = told.status
    }
  }

  return {
    ...client,
    accepted: accepted as ReadonlyMap<string, string>,
    generate,
    countBreaks: () => [...breaks.values()].reduce((sum, count) => sum + count, 0),
    listBreaks: () => Object.fromEntries(breaks),
    countRefusals: () => refusals,
    close: () => agent.destroy(),
  }
}
