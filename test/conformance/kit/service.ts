import sharp from 'sharp'
import { withStack } from '../../chaos/stack.ts'
import type { GeminiBehaviour } from '../../support/gemini-behaviour.ts'
import type { GeminiCall } from '../../support/gemini-server.ts'
import type { Grounds } from './calls.ts'
import type { What } from './client.ts'

/** What clients are pointed at. */
export type Service = {
  grounds: Grounds
  /** How many pictures of these words were paid for. */
  countPaid: (words: string) => number
}

/** Words that stand in what is asked for, whatever else there is. */
const BEHAVIOURS: Partial<Record<What, (call: GeminiCall) => GeminiBehaviour>> = {
  'hanging up, asking again': ({ number }) => slow(number),
  'a refusal': () => ({ kind: 'prompt_blocked' }),
  'the model down': () => ({ kind: 'overloaded' }),
}

const slow = (number: number): GeminiBehaviour => ({
  kind: 'delay',
  ms: 2_000,
  // biome-ignore lint/suspicious/noThenProperty: the stand-in's own word, and no function
  then: { kind: 'image', number },
})

/** Gives `use` an API and a worker as processes of their own, and the model's stand-in behind them, each of whose pictures is another one. */
export const withService = <T>(use: (service: Service) => Promise<T>): Promise<T> =>
  withStack({ backend: 'postgres', env: SETTINGS }, async (stack) => {
    stack.provider.behave((call) => {
      const found = Object.entries(BEHAVIOURS).find(([what]) => call.prompt.includes(`(${what})`))
      return found ? found[1](call) : { kind: 'image', number: call.number }
    })
    const [{ url }] = await Promise.all([stack.startApi(), stack.startWorker()])
    const makeKey = createMakeKey(url, await stack.signTokenFor('operator', true))
    const keys = {
      rich: await makeKey({ name: 'rich' }),
      parallel: await makeKey({ name: 'parallel', variants: 'parallel' }),
      poor: await makeKey({ name: 'poor', dailyUsd: 0.000001 }),
    }
    const countPaid = (words: string) =>
      stack.provider.calls.filter(
        (call) => call.prompt.includes(words) && stack.provider.isCharged(call),
      ).length
    return use({ grounds: { url, keys, photos: await makePhotos() }, countPaid })
  })

const SETTINGS = {
  EMBEDDING_SOURCE: 'off',
  // A model that is down for one client is not down for the next.
  BREAKER_FAILURES: '1000',
  REFUSAL_TTL_MS: '0',
}

const createMakeKey = (url: string, token: string) => async (draft: object) => {
  const response = await fetch(`${url}/api/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ownerId: 'app', scopes: ['read', 'generate'], ...draft }),
  })
  const body = (await response.json()) as { key?: string }
  if (!body.key) throw new Error(`no key was made: ${JSON.stringify(body)}`)
  return body.key
}

/** Three that differ at a glance. */
const makePhotos = (): Promise<Uint8Array[]> =>
  Promise.all(
    ['#c0392b', '#27ae60', '#2980b9'].map((background) =>
      sharp({ create: { width: 48, height: 48, channels: 3, background } })
        .png()
        .toBuffer(),
    ),
  )
