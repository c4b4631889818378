import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Webhook, type WebhookDelivery, webhookSchema } from '../../src/contract/webhook.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { expectProblem } from '../support/problems.ts'
import { listDeliveries, register } from '../support/webhooks.ts'

let app: TestApp
let alice: Client
let bob: Client
let admin: Client

beforeAll(async () => {
  app = await startTestApp({ workers: 0 })
  alice = await createClient(app)
  bob = await createClient(app, 'bob')
  admin = await createClient(app, 'ops', true)
})
afterAll(() => app.stop())

const URL_OF_APP = 'https://app.example/hooks'
const list = async (client: Client, query = '') =>
  (await client.call<{ webhooks: Webhook[] }>('GET', `/api/webhooks${query}`)).body.webhooks

test('an endpoint is registered, read, changed and removed; its secret is told once', async () => {
  const made = await register(alice, { url: URL_OF_APP, description: 'the shop' })
  expect(made.secret).toMatch(/^whsec_[\w+/]{43}=$/)
  const { secret: _, ...plain } = made
  const { body: read } = await alice.call<Webhook>('GET', `/api/webhooks/${made.id}`)
  expect(read).toEqual(plain)
  expect(webhookSchema.strict().parse(read)).toMatchObject({
    ownerId: 'alice',
    url: URL_OF_APP,
    events: ['generation.succeeded', 'generation.failed', 'generation.canceled'],
    description: 'the shop',
    isEnabled: true,
  })
  expect(await list(alice)).toEqual([plain])
  const change = { events: ['generation.failed', 'generation.failed'], description: null }
  const { body: changed } = await alice.call('PATCH', `/api/webhooks/${made.id}`, { body: change })
  expect(changed).toMatchObject({ url: URL_OF_APP, events: ['generation.failed'] })
  expect(changed).not.toHaveProperty('description')
  expect(JSON.stringify([read, changed])).not.toContain('whsec_')
  expect(await alice.call('DELETE', `/api/webhooks/${made.id}`)).toMatchObject({ status: 204 })
  expect(await list(alice)).toEqual([])
})

test('an endpoint and its deliveries are 404 to another owner, like one that does not exist', async () => {
  const { id } = await register(alice, { url: URL_OF_APP })
  const { body: sent } = await alice.call<WebhookDelivery>('POST', `/api/webhooks/${id}/test`)
  const paths: [string, string][] = [
    ['GET', `/api/webhooks/${id}`],
    ['PATCH', `/api/webhooks/${id}`],
    ['POST', `/api/webhooks/${id}/rotate-secret`],
    ['POST', `/api/webhooks/${id}/test`],
    ['GET', `/api/webhooks/${id}/deliveries`],
    ['GET', `/api/webhooks/${id}/deliveries/${sent.id}`],
    ['POST', `/api/webhooks/${id}/deliveries/${sent.id}/redeliver`],
    ['DELETE', `/api/webhooks/${id}`],
  ]
  for (const [method, path] of paths) {
    const body = method === 'PATCH' ? { isEnabled: false } : undefined
    expectProblem(await bob.fail(method, path, { body }), { status: 404, code: 'not_found' })
    const unknown = path.replace(id, 'we_%00')
    expectProblem(await alice.fail(method, unknown, { body }), { status: 404, code: 'not_found' })
  }
  const other = await register(alice, { url: URL_OF_APP })
  const crossed = `/api/webhooks/${other.id}/deliveries/${sent.id}`
  expectProblem(await alice.fail('GET', crossed), { status: 404, code: 'not_found' })
  expect(await list(bob)).toEqual([])
  expect(await listDeliveries(alice, id)).toHaveLength(1)
  expect(await list(admin, '?owner=alice')).toHaveLength(2)
  expect(await list(admin, '?owner=*')).toHaveLength(2)
  expect(await list(admin)).toEqual([])
  expectProblem(await bob.fail('GET', '/api/webhooks?owner=alice'), {
    status: 403,
    code: 'forbidden',
  })
  expectProblem(await admin.fail('POST', `/api/webhooks/${id}/rotate-secret`), {
    status: 404,
    code: 'not_found',
  })
})

test.each<[string, object, string]>([
  ['no URL', {}, '/url'],
  ['no https', { url: 'http://app.example' }, '/url'],
  ['a private address', { url: 'https://[::ffff:10.0.0.1]/hook' }, '/url'],
  ['a URL without end', { url: `https://app.example/${'x'.repeat(3_000)}` }, '/url'],
  ['unknown events', { url: URL_OF_APP, events: ['generation.running'] }, '/events/0'],
  ['no events', { url: URL_OF_APP, events: [] }, '/events'],
  ['unknown fields', { url: URL_OF_APP, secret: 'mine' }, '/secret'],
  ['a long description', { url: URL_OF_APP, description: 'x'.repeat(201) }, '/description'],
])('%s is refused, in a registration and in a change alike', async (_name, body, pointer) => {
  const expected = { status: 400, code: 'invalid_request', pointers: [pointer] }
  expectProblem(await bob.fail('POST', '/api/webhooks', { body }), expected)
  if (!('url' in body)) return
  const { id } = await register(bob, { url: URL_OF_APP })
  expectProblem(await bob.fail('PATCH', `/api/webhooks/${id}`, { body }), expected)
  await bob.call('DELETE', `/api/webhooks/${id}`)
})

test('an owner has 20 endpoints at most, however many are registered at once', async () => {
  const carol = await createClient(app, 'carol')
  const all = await Promise.all(
    Array.from({ length: 25 }, () =>
      carol.call<Webhook>('POST', '/api/webhooks', { body: { url: URL_OF_APP } }),
    ),
  )
  expect(all.filter(({ status }) => status === 201)).toHaveLength(20)
  const refused = all.find(({ status }) => status === 409)
  expect(refused?.body).toMatchObject({ code: 'too_many_webhooks' })
  const pages = await carol.call<{ nextCursor: string }>('GET', '/api/webhooks?limit=15')
  expect(await list(carol, `?limit=15&cursor=${pages.body.nextCursor}`)).toHaveLength(5)
})

test('deliveries are listed in pages, newest first, and by their status', async () => {
  const { id } = await register(bob, { url: URL_OF_APP })
  for (let i = 0; i < 5; i++) await bob.call('POST', `/api/webhooks/${id}/test`)
  const path = `/api/webhooks/${id}/deliveries`
  const { body } = await bob.call<{ deliveries: WebhookDelivery[]; nextCursor: string }>(
    'GET',
    `${path}?limit=3`,
  )
  const rest = await listDeliveries(bob, id, `?limit=3&cursor=${body.nextCursor}`)
  const times = [...body.deliveries, ...rest].map(({ createdAt }) => createdAt)
  expect(times).toHaveLength(5)
  expect(times).toEqual([...times].sort().reverse())
  expect(await listDeliveries(bob, id, '?status=delivered')).toEqual([])
  expectProblem(await bob.fail('GET', `${path}?status=lost`), {
    status: 400,
    code: 'invalid_request',
    pointers: ['?status'],
  })
})
