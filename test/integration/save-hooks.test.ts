import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import type { SavedItem } from '../../src/contract/saved-item.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { describeEachBackend } from '../support/each-backend.ts'
import { createHolds } from '../support/held.ts'
import { newHookSecret, sendHook } from '../support/hooks.ts'
import { waitFor } from '../support/wait-for.ts'

type Sent = Partial<Parameters<typeof sendHook>[2]>

const OLD = newHookSecret()
const NEW = newHookSecret()
const OTHER = newHookSecret()
const HOOK_SECRETS = `cms:${OLD},cms:${NEW}, shop:${OTHER}`

const send = (app: TestApp, body: object, sent: Sent = {}) =>
  sendHook(app, body, { secret: NEW, ...sent })

const save = async (app: TestApp, body: object, sent: Sent = {}) => {
  const answer = await send(app, { ownerId: 'alice', ...body }, sent)
  expect(answer).toMatchObject({ status: 202 })
}

const load = async (client: Client, itemId: string) =>
  (await client.call<SavedItem>('GET', `/api/saved-items/${itemId}`)).body

const waitForImage = (client: Client, itemId: string) =>
  waitFor(
    async () => {
      const item = await load(client, itemId)
      return item.status === 'succeeded' && item
    },
    { what: 'the image of a hook' },
  )

describeEachBackend('a save hook', (backend) => {
  let app: TestApp
  let alice: Client
  let holds: ReturnType<typeof createHolds>

  beforeAll(async () => {
    const timing = { HOOK_DEBOUNCE_MS: '500', HOOK_MAX_DELAY_MS: '3000', SWEEP_INTERVAL_MS: '100' }
    const env = { HOOK_SECRETS, WORKER_CONCURRENCY: '1', ...timing }
    app = await startTestApp({ backend, env })
    alice = await createClient(app)
    holds = createHolds(app.gemini)
  })
  afterAll(() => app.stop())
  afterEach(() => holds.release())

  test('of many quick edits has the last one made, once', async () => {
    for (let i = 1; i <= 5; i++) {
      await save(app, { itemId: 'post-1', title: `Edit ${i}`, prompt: `quick edit ${i}` })
    }
    const pending = await load(alice, 'post-1')
    expect(pending).toMatchObject({ title: 'Edit 5', prompt: 'quick edit 5', isPlaceholder: true })
    const made = await waitForImage(alice, 'post-1')
    const { body } = await alice.get(made.generationId ?? '')
    expect(body).toMatchObject({ prompt: 'quick edit 5', lane: 'eager' })
    expect(app.gemini.countCalls('quick edit')).toBe(1)

    await save(app, { itemId: 'post-1', title: 'Published', prompt: 'quick edit 5' })
    expect(await load(alice, 'post-1')).toMatchObject({
      title: 'Published',
      generationId: made.generationId,
      status: 'succeeded',
    })
  })

  test('of a later edit cancels the one that is queued', async () => {
    const held = await holds.start(alice, 'what keeps the worker busy')
    await save(app, { itemId: 'post-2', prompt: 'an early edit' })
    const { generationId = '' } = await waitFor(
      async () => {
        const item = await load(alice, 'post-2')
        return item.generationId && item
      },
      { what: 'the early edit to be queued' },
    )
    await save(app, { itemId: 'post-2', prompt: 'a late edit' })
    const { body } = await alice.get(generationId)
    expect(body).toMatchObject({ status: 'canceled', error: { code: 'superseded' } })
    held.open()
    await waitForImage(alice, 'post-2')
    expect(app.gemini.countCalls('an early edit')).toBe(0)
    expect(app.gemini.countCalls('a late edit')).toBe(1)
  })
})

describe('save hooks', () => {
  let app: TestApp
  let alice: Client

  beforeAll(async () => {
    const timing = {
      HOOK_DEBOUNCE_MS: '600000',
      HOOK_MAX_DELAY_MS: '300',
      SWEEP_INTERVAL_MS: '100',
    }
    app = await startTestApp({ workers: 0, env: { HOOK_SECRETS, ...timing } })
    alice = await createClient(app)
  })
  afterAll(() => app.stop())

  const countItems = async () =>
    (await app.db.selectFrom('savedItems').select('id').execute()).length

  test('are made good by a worker that starts later, and not put off for ever by edits', async () => {
    await Promise.all(
      Array.from({ length: 4 }, (_, i) => save(app, { itemId: 'later', prompt: `edit ${i}` })),
    )
    expect(await countItems()).toBe(1)
    await app.startWorker()
    await waitForImage(alice, 'later')
    expect(app.gemini.countCalls()).toBe(1)
    await app.stopWorkers()
  })

  test('are taken under each secret of their source, and once', async () => {
    for (const secret of [OLD, NEW, OTHER]) {
      await save(app, { itemId: 'rotated', prompt: 'rotated' }, { secret })
    }
    const webhookId = 'msg_1'
    const both = await Promise.all(
      [OLD, NEW].map((secret) =>
        send(app, { ownerId: 'alice', itemId: 'once', prompt: 'once' }, { secret, webhookId }),
      ),
    )
    expect(both.map(({ status }) => status).sort()).toEqual([202, 409])
    expect(both.find(({ status }) => status === 409)?.body).toMatchObject({
      code: 'hook_replayed',
      errors: [{ pointer: 'webhook-id' }],
    })
    await save(app, { itemId: 'once', prompt: 'once' }, { secret: OTHER, webhookId })
  })

  test.each<[string, Sent]>([
    ['by an unknown secret', { secret: newHookSecret() }],
    ['for another body', { raw: '{"ownerId":"alice","itemId":"forged","prompt":"forged"}' }],
    ['six minutes ago', { at: new Date(Date.now() - 360_000) }],
    ['six minutes ahead', { at: new Date(Date.now() + 360_000) }],
    ['and sent under another id', { headers: { 'webhook-id': 'another' } }],
    ['by nobody', { headers: { 'webhook-signature': '' } }],
    ['by garbage', { headers: { 'webhook-signature': 'v1' } }],
  ])('signed %s are refused', async (_name, sent) => {
    const before = await countItems()
    const answer = await send(app, { ownerId: 'alice', itemId: 'x', prompt: 'x' }, sent)
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
    expect(await countItems()).toBe(before)
  })

  test.each<[string, object, string]>([
    ['an owner', { itemId: 'x', prompt: 'x' }, '/ownerId'],
    ['an item', { ownerId: 'alice', prompt: 'x' }, '/itemId'],
    ['a prompt', { ownerId: 'alice', itemId: 'x' }, '/prompt'],
    ['a proper item', { ownerId: 'alice', itemId: 'a b', prompt: 'x' }, '/itemId'],
    ['known fields', { ownerId: 'alice', itemId: 'x', prompt: 'x', titel: 'x' }, '/titel'],
    ['a known model', { ownerId: 'alice', itemId: 'x', prompt: 'x', model: 'none' }, '/model'],
  ])('without %s are refused, and may be sent again', async (_name, body, pointer) => {
    const before = await countItems()
    const webhookId = crypto.randomUUID()
    for (let i = 0; i < 2; i++) {
      const answer = await send(app, body, { webhookId })
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer }] } })
    }
    expect(await countItems()).toBe(before)
  })

  test('are off where no secret is set', async () => {
    const other = await startTestApp({ workers: 0 })
    try {
      const answer = await send(other, { ownerId: 'alice', itemId: 'x', prompt: 'x' })
      expect(answer.status).toBe(404)
    } finally {
      await other.stop()
    }
  })
})
