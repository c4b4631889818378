import { setTimeout as delay } from 'node:timers/promises'
import type { Generation } from '../../src/contract/generation.ts'
import { createJsonCaller } from '../chaos/json-caller.ts'
import type { Stack } from '../chaos/stack.ts'
import { openStream } from '../support/event-stream.ts'
import { startWebhookReceiver } from '../support/webhook-receiver.ts'

/** How often each thing is done, in milliseconds between two. */
const EVERY_MS = { reuse: 100, make: 500, cancel: 2_000, follow: 1_000, save: 1_500 }

/**
 * People who go on using the service, all in their own ways: the same request again, new ones, canceled ones, streams, saved
 * items, and an endpoint that is told of every end. Counts what was done and what was answered with an error of ours.
 */
export const startLoad = async (stack: Stack) => {
  const receiver = await startWebhookReceiver()
  const [api] = stack.apis
  if (!api) throw new Error('there is no API')
  const authorization = `Bearer ${await stack.signTokenFor('soak')}`
  const done: Record<string, number> = {}
  const { call, errors } = createJsonCaller(api.url, authorization)
  const stopping = new AbortController()
  let number = 0

  const ask = (prompt: string) => call('POST', '/api/visualize/generate', { prompt })
  const askNew = async () => (await ask(`picture ${number++} of many`)).body as Generation

  const ways: Record<keyof typeof EVERY_MS, () => Promise<unknown>> = {
    reuse: () => ask('the picture that everybody wants'),
    make: askNew,
    cancel: async () => call('POST', `/api/generations/${(await askNew()).id}/cancel`),
    follow: async () => {
      const { id } = await askNew()
      const stream = await openStream(`${api.url}/api/generations/${id}/events`, { authorization })
      await stream.ended
    },
    save: async () => {
      const id = `item-${number++}`
      await call('POST', '/api/saved-items', { id, title: 'A post', prompt: `saved ${id}` })
      await call('PATCH', `/api/saved-items/${id}`, { title: 'A better post' })
      await call('DELETE', `/api/saved-items/${id}`)
    },
  }
  const goOn = async (way: keyof typeof EVERY_MS) => {
    while (!stopping.signal.aborted) {
      await ways[way]().catch((error: unknown) => errors.push(`${way}: ${error}`))
      done[way] = (done[way] ?? 0) + 1
      await delay(EVERY_MS[way], undefined, { signal: stopping.signal }).catch(() => {})
    }
  }

  await call('POST', '/api/webhooks', { url: `${receiver.url}/told` })
  const going = Promise.all((Object.keys(ways) as (keyof typeof EVERY_MS)[]).map(goOn))
  const stop = async () => {
    stopping.abort()
    await going
    await receiver.close()
  }
  return { done, errors, countTold: () => receiver.received.length, stop }
}
