import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Webhook } from '../../src/contract/webhook.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { createClient } from '../support/client.ts'
import { newHookSecret, sendHook, signHook } from '../support/hooks.ts'
import { waitFor } from '../support/wait-for.ts'
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts'

const CMS = newHookSecret()
const SHOP = newHookSecret()

let app: TestApp
let receiver: WebhookReceiver

beforeAll(async () => {
  receiver = await startWebhookReceiver()
  const env = {
    HOOK_SECRETS: `cms:${CMS},shop:${SHOP}`,
    HOOK_DEBOUNCE_MS: '0',
    WEBHOOK_ALLOW_PRIVATE: 'true',
    SWEEP_INTERVAL_MS: '100',
  }
  app = await startTestApp({ env })
})
afterAll(async () => {
  await app.stop()
  await receiver.close()
})

const call = async <T>(
  method: string,
  text: string,
  headers: object,
): Promise<{ status: number; body: T }> => {
  const response = await fetch(`${app.url}/api/hooks/webhooks`, {
    method,
    headers: { ...headers },
    ...(text && { body: text }),
  })
  const answer = await response.text()
  return { status: response.status, body: (answer ? JSON.parse(answer) : undefined) as T }
}
const sign = <T>(method: string, body: object | undefined, secret: string) => {
  const text = body ? JSON.stringify(body) : ''
  return call<T>(method, text, signHook(text, { secret }))
}
const save = (itemId: string, prompt: string, secret: string, ownerId = 'alice') =>
  sendHook(app, { ownerId, itemId, prompt }, { secret })

test('a source is told of the images of the items it saved, whoever owns them, and no other is', async () => {
  const url = `${receiver.url}/cms`
  const { status, body: cms } = await sign<Webhook>('POST', { url }, CMS)
  expect({ status, cms }).toMatchObject({ status: 201, cms: { source: 'cms', url } })
  await sign('POST', { url: `${receiver.url}/shop` }, SHOP)
  const alice = await createClient(app)
  await alice.generateAndWait({ prompt: 'not saved' })
  await save('post-1', 'of the cms', CMS)
  await save('post-2', 'of the cms', CMS, 'bob')
  await save('product-1', 'of the shop', SHOP)
  const told = await receiver.waitForCount('/cms', 2)
  await receiver.waitForCount('/shop', 1)
  const events = told.map(({ verify }) => verify(cms.secret ?? ''))
  expect(events.map(({ data }) => [data.ownerId, data.itemId, data.status]).sort()).toEqual([
    ['alice', 'post-1', 'succeeded'],
    ['bob', 'post-2', 'succeeded'],
  ])
  expect(receiver.at('/shop').map(({ text }) => JSON.parse(text).data.itemId)).toEqual([
    'product-1',
  ])
  expect(receiver.at('/cms')).toHaveLength(2)
})

test('a source is told of an image that existed when its item was saved', async () => {
  const alice = await createClient(app)
  const { body: made } = await alice.generateAndWait({ prompt: 'there already' })
  const { body: cms } = await sign<Webhook>('POST', { url: `${receiver.url}/existed` }, CMS)
  await save('post-3', 'there already', CMS)
  // Another item's end may be told late, and to this endpoint too.
  const events = () =>
    receiver
      .at('/existed')
      .map(({ verify }) => verify(cms.secret ?? ''))
      .filter(({ data }) => data.itemId === 'post-3')
  const [told] = await waitFor(() => events().length > 0 && events(), { what: 'the success' })
  expect(told).toMatchObject({
    type: 'generation.succeeded',
    data: { id: made.id, ownerId: 'alice' },
  })
  await alice.call('DELETE', `/api/images/${made.id}`)
  await waitFor(() => events().length > 1, { what: 'the deletion' })
  expect(events().map(({ type }) => type)).toEqual(['generation.succeeded', 'generation.canceled'])
})

test('a source lists and removes its own endpoints only', async () => {
  const { body: mine } = await sign<Webhook>('POST', { url: 'https://cms.example/hook' }, CMS)
  const listIds = async (secret: string) =>
    (await sign<{ webhooks: Webhook[] }>('GET', undefined, secret)).body.webhooks.map(
      ({ id }) => id,
    )
  expect(await listIds(CMS)).toContain(mine.id)
  expect(await listIds(SHOP)).not.toContain(mine.id)
  expect(await sign('DELETE', { id: mine.id }, SHOP)).toMatchObject({ status: 404 })
  expect(await sign('DELETE', { id: mine.id }, CMS)).toMatchObject({ status: 204 })
  expect(await listIds(CMS)).not.toContain(mine.id)
  const alice = await createClient(app)
  const [theirs = ''] = await listIds(CMS)
  expect(await alice.call('GET', `/api/webhooks/${theirs}`)).toMatchObject({ status: 404 })
})

test('a registration counts once, and only under its signature', async () => {
  const text = JSON.stringify({ url: 'https://once.example' })
  const headers = signHook(text, { secret: CMS })
  const both = await Promise.all([call('POST', text, headers), call('POST', text, headers)])
  expect(both.map(({ status }) => status).sort()).toEqual([201, 409])
  const forged = signHook(text, { secret: newHookSecret() })
  expect(await call('POST', text, forged)).toMatchObject({ status: 401 })
  const wrong = await sign('POST', { url: 'ftp://app.example' }, CMS)
  expect(wrong).toMatchObject({ status: 400, body: { errors: [{ pointer: '/url' }] } })
})
