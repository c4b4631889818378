import type { Generation } from '../../src/contract/generation.ts'
import { createJsonCaller } from './json-caller.ts'
import { pickFrom } from './random.ts'
import type { Stack } from './stack.ts'

/** An owner's few pictures, so that much of what is done concerns what is under way. */
const PICTURES = 5
const ITEMS = 3

/** An owner who does one thing after the other, whatever comes to mind; most of it concerns what was done before. */
export const createMeddler = async (
  { signTokenFor }: Pick<Stack, 'signTokenFor'>,
  apiUrl: string,
  owner: string,
  random: () => number,
) => {
  const authorization = `Bearer ${await signTokenFor(owner)}`
  const known = new Set<string>()
  const counts: Record<string, number> = {}
  const { call, errors } = createJsonCaller(apiUrl, authorization)

  const anyPrompt = () => `picture ${Math.floor(random() * PICTURES)} of ${owner}`
  const anyItem = () => `item-${Math.floor(random() * ITEMS)}`
  const submit = async (request: object) => {
    const { status, body } = await call('POST', '/api/visualize/generate', request)
    if (status < 300) known.add((body as unknown as Generation).id)
  }
  const change = async (method: string, pathOf: (id: string) => string) => {
    const id = pickFrom(random, known)
    if (!id) return
    const { status, body } = await call(method, pathOf(id))
    if (status < 300 && typeof body.id === 'string') known.add(body.id)
  }

  const deeds: Record<string, () => Promise<unknown>> = {
    asked: () => submit({ prompt: anyPrompt() }),
    'asked eagerly': () => submit({ prompt: anyPrompt(), lane: 'eager' }),
    forced: () => submit({ prompt: anyPrompt(), skipExistingCheck: true }),
    canceled: () => change('POST', (id) => `/api/generations/${id}/cancel`),
    retried: () => change('POST', (id) => `/api/generations/${id}/retry`),
    regenerated: () => change('POST', (id) => `/api/generations/${id}/regenerate`),
    'images deleted': () => change('DELETE', (id) => `/api/images/${id}`),
    saved: () => call('POST', '/api/saved-items', { id: anyItem(), prompt: anyPrompt() }),
    edited: () => call('PATCH', `/api/saved-items/${anyItem()}`, { prompt: anyPrompt() }),
    removed: () => call('DELETE', `/api/saved-items/${anyItem()}`),
  }
  const act = async (): Promise<void> => {
    const name = pickFrom(random, Object.keys(deeds)) ?? 'asked'
    counts[name] = (counts[name] ?? 0) + 1
    await deeds[name]?.()
  }
  return { act, counts, errors }
}
