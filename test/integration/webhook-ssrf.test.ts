import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createWebhookSender } from '../../src/features/webhooks/sender/webhook-sender.ts'
import { createFetchBytes } from '../../src/lib/vetted/fetch-bytes.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { createClient } from '../support/client.ts'
import { listSsrfUrls, resolveSsrfName, type SsrfUrl } from '../support/ssrf-urls.ts'
import { waitFor } from '../support/wait-for.ts'
import { answer, startWebhookReceiver } from '../support/webhook-receiver.ts'

const NEVER = new AbortController().signal
const REQUEST = { headers: {}, body: '{}' }

let listener: Server
/** Where each connection came in. */
let connections: (string | undefined)[] = []
let urls: SsrfUrl[]

/** On every address of this machine, whatever is spoken. */
beforeAll(async () => {
  listener = createServer((socket) => {
    connections.push(socket.localAddress)
    socket.on('error', () => {})
    socket.destroy()
  }).listen(0, '::')
  await once(listener, 'listening')
  urls = listSsrfUrls((listener.address() as AddressInfo).port)
})
afterAll(() => new Promise((resolve) => listener.close(resolve)))
beforeEach(() => {
  connections = []
})

const send = (url: string, options: Partial<Parameters<typeof createWebhookSender>[0]> = {}) =>
  createWebhookSender({
    timeoutMs: 5_000,
    isPrivateAllowed: false,
    resolve: resolveSsrfName,
    ...options,
  })({ ...REQUEST, url }, NEVER).catch((error: Error) => error.message || error.name)

const tellAll = async (app: TestApp) => {
  const alice = await createClient(app)
  await alice.generateAndWait({ prompt: 'told to all' })
  const countUntold = async () =>
    (await app.db.selectFrom('webhookDeliveries').select('id').where('failures', '=', 0).execute())
      .length
  await waitFor(async () => (await countUntold()) === 0, {
    what: 'all deliveries to be attempted',
  })
}

describe('a webhook', () => {
  test('goes to none of 500 URLs that lead inside; without the guard it would', async () => {
    expect(urls.length).toBeGreaterThanOrEqual(500)
    for (const { url } of urls) expect(await send(url)).toMatch(/^(must |the host is not on)/)
    expect(connections).toEqual([])

    const here = urls.filter(({ leadsHere }) => leadsHere)
    expect(here.length).toBeGreaterThanOrEqual(70)
    for (const { url } of here) {
      const before = connections.length
      await send(url, { isPrivateAllowed: true })
      await waitFor(() => connections.length > before, {
        what: `a connection by ${url}`,
      })
    }
  })

  test('fetched is none of them either, and no more than it may be of what is', async () => {
    const options = { timeoutMs: 5_000, maxBytes: 10, resolve: resolveSsrfName }
    const vetted = createFetchBytes({ ...options, isPrivateAllowed: false })
    for (const { url } of urls) {
      await expect(vetted(url, NEVER)).rejects.toThrow(/^(must |the host is not on)/)
    }
    expect(connections).toEqual([])
    const receiver = await startWebhookReceiver()
    try {
      const fetchBytes = createFetchBytes({ ...options, isPrivateAllowed: true, timeoutMs: 1_000 })
      receiver.behave('/fits', answer(200, '0123456789'))
      receiver.behave('/long', answer(200, '01234567890'))
      receiver.behave('/moved', answer(302, '', { location: '/fits' }))
      receiver.behave('/drip', (res) => void res.writeHead(200).write('012'))
      const get = async (path: string) =>
        String(Buffer.from(await fetchBytes(receiver.url + path, NEVER)))
      expect(await get('/fits')).toBe('0123456789')
      await expect(get('/long')).rejects.toThrow('more than 10 bytes')
      await expect(get('/moved')).rejects.toThrow('redirects are not followed')
      await expect(get('/drip')).rejects.toThrow('no answer within')
      const [{ headers } = { headers: {} }] = receiver.at('/fits')
      expect(Object.keys(headers).sort()).toEqual(['accept', 'connection', 'host'])
    } finally {
      await receiver.close()
    }
  })

  test('goes where its name led when it was vetted, whatever it leads to a moment later', async () => {
    const port = (listener.address() as AddressInfo).port
    let answers = 0
    const rebinding = async () => [answers++ === 0 ? '127.0.0.2' : '127.0.0.1']
    const options = {
      resolve: rebinding,
      isPublic: (address: string) => /127\.0\.0\.2$/.test(address),
    }
    await send(`https://rebinding.example:${port}/`, options)
    await waitFor(() => connections.length > 0, { what: 'the one connection' })
    expect(await send(`https://rebinding.example:${port}/`, options)).toMatch(/^the host is not on/)
    expect({ answers, connections }).toEqual({ answers: 2, connections: ['::ffff:127.0.0.2'] })
  })

  test('does not follow where an answer leads', async () => {
    const receiver = await startWebhookReceiver()
    const location = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/`
    for (const status of [300, 301, 302, 303, 305, 307, 308]) {
      receiver.behave(`/${status}`, answer(status, '', { location }))
      const outcome = await send(`${receiver.url}/${status}`, { isPrivateAllowed: true })
      expect(outcome).toMatchObject({ statusCode: status })
    }
    expect(connections).toEqual([])
    await receiver.close()
  })

  test('is delivered to none of them, neither registered nor slipped into the table', async () => {
    const env = { WEBHOOK_RETRY_MS: '600000', SWEEP_INTERVAL_MS: '100' }
    const app = await startTestApp({ env, overrides: { resolveName: resolveSsrfName } })
    try {
      const owner = await createClient(app, 'registrant')
      for (const { url, kind } of urls.filter(({ kind }) => !/^name/.test(kind))) {
        const refused = await owner.fail('POST', '/api/webhooks', { body: { url } })
        expect({ url, kind, status: refused.status }).toEqual({ url, kind, status: 400 })
      }
      await app.db.insertInto('users').values({ id: 'alice' }).execute()
      const rows = urls.map(({ url }, i) => ({
        id: `we_${String(i).padStart(40, '0')}`,
        ownerId: 'alice',
        url,
        events: ['generation.succeeded'],
        secret: 'whsec_c2VjcmV0',
      }))
      await app.db.insertInto('webhookEndpoints').values(rows).execute()
      await tellAll(app)
      const attempts = await app.db.selectFrom('webhookAttempts').select('error').execute()
      expect(attempts).toHaveLength(urls.length)
      for (const { error } of attempts) expect(error).toMatch(/^(must |the host is not on)/)
      expect(connections).toEqual([])
    } finally {
      await app.stop()
    }
  })
})
