import { createHash, createPublicKey, verify } from 'node:crypto'
import { createFalClient } from '@fal-ai/client'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { claimRequests } from '../../src/features/webhooks/claim.ts'
import { deliverRequest } from '../../src/features/webhooks/requests/deliver-request.ts'
import { wantWebhook } from '../../src/features/webhooks/requests/want-webhook.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { waitFor } from '../support/wait-for.ts'
import {
  answer,
  neverAnswer,
  type Received,
  startWebhookReceiver,
  type WebhookReceiver,
} from '../support/webhook-receiver.ts'

const ENDPOINT = 'fal-ai/nano-banana'

let app: TestApp
let alice: Client
let receiver: WebhookReceiver

beforeAll(async () => {
  receiver = await startWebhookReceiver()
  const env = { WEBHOOK_ALLOW_PRIVATE: 'true', SWEEP_INTERVAL_MS: '100' }
  app = await startTestApp({ env, overrides: { requestRetryWaitsMs: [1, 1] } })
  alice = await createClient(app)
})
afterEach(() => app.gemini.behave({ kind: 'image' }))
afterAll(async () => {
  await app.stop()
  await receiver.close()
})

const submit = async (path: string, input: object): Promise<string> => {
  const fal = createFalClient({
    credentials: await app.token(),
    proxyUrl: { url: `${app.url}/fal/proxy`, when: 'always' },
  })
  const { request_id: requestId } = await fal.queue.submit(ENDPOINT, {
    input: input as never,
    webhookUrl: receiver.url + path,
  })
  return requestId
}

type Jwks = { keys: object[] }
const MAX_AGE_SECONDS = 300

/** As fal's documentation has it: the time is near, and one of the keys fits. */
const verifyAsFalSays = async ({ headers, text }: Received): Promise<boolean> => {
  const { keys } = (await (await fetch(`${app.url}/fal/.well-known/jwks.json`)).json()) as Jwks
  const timestamp = String(headers['x-fal-webhook-timestamp'])
  if (Math.abs(Date.now() / 1_000 - Number(timestamp)) > MAX_AGE_SECONDS) return false
  const message = [
    headers['x-fal-webhook-request-id'],
    headers['x-fal-webhook-user-id'],
    timestamp,
    createHash('sha256').update(text).digest('hex'),
  ].join('\n')
  const signature = Buffer.from(String(headers['x-fal-webhook-signature']), 'hex')
  return keys.some((jwk) =>
    verify(
      null,
      Buffer.from(message),
      createPublicKey({ key: jwk as never, format: 'jwk' }),
      signature,
    ),
  )
}

const rowsAt = (path: string) =>
  app.db
    .selectFrom('requestWebhooks')
    .selectAll()
    .where('url', '=', receiver.url + path)
    .execute()

describe('a webhook of a request', () => {
  test('comes once all its pictures are there, and is verified as fal’s documentation says', async () => {
    const requestId = await submit('/done', { prompt: 'told of', num_images: 2 })
    const [received] = await receiver.waitForCount('/done', 1)
    if (!received) throw new Error('nothing came')
    expect(await verifyAsFalSays(received)).toBe(true)
    expect(await verifyAsFalSays({ ...received, text: `${received.text} ` })).toBe(false)
    const body = JSON.parse(received.text)
    expect(body).toMatchObject({
      ...{ request_id: requestId, gateway_request_id: requestId, status: 'OK' },
      payload: { images: [{ content_type: 'image/png' }, {}], description: expect.any(String) },
    })
    const result = await alice.call('GET', `/fal/${ENDPOINT}/requests/${requestId}`)
    const ids = (images: { file_name: string }[]) => images.map(({ file_name }) => file_name)
    expect(ids(body.payload.images)).toEqual(ids((result.body as typeof body.payload).images))
  })

  test('comes again for a request that is repeated, whose pictures are there', async () => {
    const input = { prompt: 'told of twice' }
    await submit('/twice', input)
    await receiver.waitForCount('/twice', 1)
    await waitFor(
      async () => (await rowsAt('/twice')).every(({ status }) => status === 'delivered'),
      {
        what: 'it to be noted',
      },
    )
    await submit('/twice', input)
    await receiver.waitForCount('/twice', 2)
    expect(app.gemini.countCalls('told of twice')).toBe(1)
  })

  test('tells what the model refused', async () => {
    app.gemini.behave({ kind: 'prompt_blocked' })
    const requestId = await submit('/refused', { prompt: 'refused' })
    const [received] = await receiver.waitForCount('/refused', 1)
    expect(JSON.parse(received?.text ?? '')).toMatchObject({
      ...{ request_id: requestId, status: 'ERROR', error: 'Invalid status code: 422' },
      payload: { detail: [{ loc: ['body', 'prompt'], type: 'content_policy_violation' }] },
    })
  })

  test('is tried again with the same words, signed anew, and then given up', async () => {
    receiver.behave('/broken', answer(500), answer(302, '', { location: '/' }), answer(500))
    await submit('/broken', { prompt: 'told in vain' })
    const received = await receiver.waitForCount('/broken', 3)
    expect(new Set(received.map(({ text }) => text)).size).toBe(1)
    expect(await Promise.all(received.map(verifyAsFalSays))).toEqual([true, true, true])
    await waitFor(async () => (await rowsAt('/broken'))[0]?.status === 'failed', {
      what: 'it to be given up',
    })
    expect(await rowsAt('/broken')).toMatchObject([
      { failures: 3, statusCode: 500, error: 'answered 500', nextAttemptAt: null },
    ])
  })

  test('is there after every worker was gone, before its pictures were and in the middle of it', async () => {
    await app.stopWorkers()
    const input = { prompt: 'told late' }
    const requestId = await submit('/late', input)
    expect(await submit('/late', input)).toBe(requestId)
    expect(await rowsAt('/late')).toMatchObject([{ status: 'waiting' }])
    receiver.behave('/late', neverAnswer, answer(204))
    await app.startWorker()
    await receiver.waitForCount('/late', 1)
    await app.stopWorkers()
    await app.startWorker()
    await receiver.waitForCount('/late', 2)
    await waitFor(async () => (await rowsAt('/late'))[0]?.status === 'delivered', {
      what: 'it to be noted',
    })
    expect(await rowsAt('/late')).toMatchObject([{ failures: 0 }])
  })

  test.each(['ftp://app.example/hook', 'nowhere', 'https://user:secret@app.example/'])(
    'to %s is refused before anything is asked for',
    async (url) => {
      const path = `/fal/${ENDPOINT}?fal_webhook=${encodeURIComponent(url)}`
      const body = { prompt: 'never told' }
      expect(await alice.call('POST', path, { body })).toMatchObject({
        status: 422,
        body: { detail: [{ loc: ['query', 'fal_webhook'] }] },
      })
      expect(app.gemini.countCalls('never told')).toBe(0)
    },
  )

  test('is noted by the worker that has it, and by none that was too slow', async () => {
    await app.stopWorkers()
    await submit('/fenced', { prompt: 'told of twice at once' })
    const [{ id } = { id: '' }] = await rowsAt('/fenced')
    const claim = async () => {
      const due = { status: 'pending', body: '{}', leaseExpiresAt: null } as const
      await app.db
        .updateTable('requestWebhooks')
        .set({ ...due, nextAttemptAt: new Date(0) })
        .where('id', '=', id)
        .execute()
      const limits = { free: 1, maxEach: 1, underWay: new Map(), leaseMs: 60_000 }
      const [claimed] = await claimRequests(app.db, limits)
      if (!claimed) throw new Error('nothing was due')
      expect(await claimRequests(app.db, limits)).toEqual([])
      return claimed
    }
    const slow = await claim()
    await claim()
    const noted: string[] = []
    const deps = {
      ...{ db: app.db, sign: () => ({}), retryWaitsMs: [], userAgent: 'test' },
      send: async () => ({ statusCode: 200, answer: '', retryAfter: undefined }),
      onAttempt: () => noted.push('noted'),
    }
    await deliverRequest(deps, slow, new AbortController().signal)
    expect(noted).toEqual([])
    expect(await rowsAt('/fenced')).toMatchObject([{ status: 'pending', claims: 2 }])
    await app.db.deleteFrom('requestWebhooks').where('id', '=', id).execute()
    await app.startWorker()
  })

  test('is one of a thousand that an owner may have open', async () => {
    await app.db.insertInto('users').values({ id: 'many' }).execute()
    const want = (number: number) =>
      wantWebhook(app.db, {
        ...{ ownerId: 'many', dialect: 'none', url: 'https://app.example', generationIds: ['g'] },
        requestId: `r${number}`,
      })
    const numbers = Array.from({ length: 999 }, (_, number) => number)
    const rows = numbers.map((number) => ({
      ...{ ownerId: 'many', dialect: 'none', url: 'https://app.example', generationIds: ['g'] },
      ...{ requestId: `r${number}` },
    }))
    await app.db.insertInto('requestWebhooks').values(rows).execute()
    await want(999)
    await expect(want(1_000)).rejects.toMatchObject({ code: 'too_many_webhooks' })
    await app.db.deleteFrom('requestWebhooks').where('ownerId', '=', 'many').execute()
  })
})
