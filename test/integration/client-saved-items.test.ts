import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { createImageonceClient } from '../../src/client.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { recordFetch } from '../support/client-fetch.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { waitFor } from '../support/wait-for.ts'

let app: TestApp
let proxy: TcpProxy
let onInserted = () => {}

beforeAll(async () => {
  app = await startTestApp({
    overrides: { onStep: (_id, step) => step === 'inserted' && onInserted() },
  })
  proxy = await startTcpProxy({ host: '127.0.0.1', port: Number(new URL(app.url).port) })
})
afterAll(async () => {
  await app.stop()
  await proxy.close()
})
afterEach(() => {
  onInserted = () => {}
})

/** A client of its own owner, over the network that can be cut. */
const connect = (owner: string, fetch?: typeof globalThis.fetch) =>
  createImageonceClient({
    baseUrl: `http://127.0.0.1:${proxy.port}`,
    token: () => app.token(owner),
    telemetry: false,
    ...(fetch && { fetch }),
  }).savedItems

/** Real calls; the first answer to a call with `method` gets lost on its way. */
const loseFirstAnswer = (method: string) => {
  let lost = 0
  const { fetch, calls } = recordFetch()
  const losing: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    if (init?.method !== method || lost++ > 0) return response
    await response.arrayBuffer()
    throw new TypeError('lost')
  }
  return { fetch: losing, count: () => calls.filter((call) => call.method === method).length }
}

test('an item is saved, found, changed and removed', async () => {
  const items = connect('ann')
  const saved = await items.create({ title: 'Boat', prompt: 'a boat', data: { likes: 1 } })
  expect(saved).toMatchObject({ title: 'Boat', prompt: 'a boat', data: { likes: 1 } })
  const made = await waitFor(
    async () => {
      const item = await items.get(saved.id)
      return !item.isPlaceholder && item
    },
    { what: 'the image' },
  )
  const changed = await items.update(saved.id, { title: null, data: { likes: 2 } })
  expect(changed).toMatchObject({ imageUrl: made.imageUrl, data: { likes: 2 } })
  expect(changed.title).toBeUndefined()
  await items.remove(saved.id)
  await expect(items.get(saved.id)).rejects.toMatchObject({ code: 'not_found', status: 404 })
  await items.remove(saved.id)
})

test('an item whose saving is cut off before the answer is saved once, and its image bought once', async () => {
  let isCut = false
  onInserted = () => {
    if (!isCut) proxy.reset()
    isCut = true
  }
  const { fetch, calls } = recordFetch()
  const items = connect('ben', fetch)
  const saved = await items.create({ prompt: 'a boat that is cut off' })
  expect(isCut).toBe(true)
  expect(calls).toHaveLength(2)
  expect((await items.list()).items.map(({ id }) => id)).toEqual([saved.id])
  await waitFor(async () => !(await items.get(saved.id)).isPlaceholder, { what: 'the image' })
  expect(app.gemini.countCalls('a boat that is cut off')).toBe(1)
})

test('an item that is saved again under its id stays as it has become', async () => {
  const items = connect('bob')
  const { id } = await items.create({ id: 'post-1', title: 'first' })
  await items.update(id, { title: 'second' })
  expect(await items.create({ id: 'post-1', title: 'first' })).toMatchObject({ title: 'second' })
})

test('a change or a removal whose answer is lost is sent once more', async () => {
  const changing = loseFirstAnswer('PATCH')
  const { id } = await connect('cat').create({ title: 'first' })
  const changed = await connect('cat', changing.fetch).update(id, { title: 'second' })
  expect(changed).toMatchObject({ title: 'second' })
  const removing = loseFirstAnswer('DELETE')
  await connect('cat', removing.fetch).remove(id)
  expect((await connect('cat').list()).items).toEqual([])
  expect([changing.count(), removing.count()]).toEqual([2, 2])
})

test('items come in pages', async () => {
  const items = connect('dora')
  const ids: string[] = []
  for (const title of ['a', 'b', 'c']) ids.unshift((await items.create({ title })).id)
  const first = await items.list({ limit: 2 })
  const second = await items.list({ limit: 2, cursor: first.nextCursor })
  expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids)
  expect(second.nextCursor).toBeNull()
})

test('what is wrong is told, and nothing is saved', async () => {
  const items = connect('eve')
  await expect(items.create({ id: 'no spaces', title: 'x' })).rejects.toMatchObject({
    name: 'ImageonceError',
    code: 'invalid_request',
    problem: { errors: [{ pointer: '/id' }] },
  })
  expect((await items.list()).items).toEqual([])
})
