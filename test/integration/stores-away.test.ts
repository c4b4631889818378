import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { withDatabaseAt } from '../../db/installation.ts'
import { createGenerationQueue } from '../../src/adapters/queue/generation-queue.ts'
import { toQueueBackend } from '../../src/app/resources.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { makePng } from '../support/pictures.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'
import { describeWith } from '../support/skip.ts'
import { beforeStatementsEnd } from '../support/statement-end.ts'
import { waitFor } from '../support/wait-for.ts'

type Proxy = Awaited<ReturnType<typeof startPostgresProxy>>

let database: TestDatabase
let proxy: Proxy
let app: TestApp
let alice: Client

const start = async (backend: 'redis' | 'postgres') => {
  database = await createTestDatabase()
  proxy = await startPostgresProxy(database.url)
  app = await startTestApp({ backend, env: { DATABASE_URL: proxy.url, LEASE_MS: '1000' } })
  alice = await createClient(app)
}

afterEach(async () => {
  await proxy.mend()
  await app.stop()
  await proxy.close()
  await database.drop()
})

const expectSoon = <T>(work: () => Promise<T>): Promise<T> => beforeStatementsEnd(work())

describeWith('redis', 'while Postgres is away and Redis is there', () => {
  beforeEach(() => start('redis'))

  test.each([
    ['refuses connections', () => proxy.cut()],
    ['hears and says nothing', () => proxy.freeze()],
  ])(
    'and %s, a request is accepted soon, followed, and made once Postgres is back',
    async (_, fail) => {
      await alice.generateAndWait({ prompt: 'before' })
      await fail()
      const accepted = await expectSoon(() => alice.generate({ prompt: 'during' }))
      expect(accepted.status).toBe(202)
      expect(accepted.body).toMatchObject({
        status: 'queued',
        isPlaceholder: false,
        prompt: 'during',
      })
      expect(accepted.body.queuePosition).toBeUndefined()
      const again = await expectSoon(() => alice.generate({ prompt: 'during' }))
      expect(again.body.id).toBe(accepted.body.id)
      const read = await expectSoon(() => alice.get(accepted.body.id))
      expect(read.body).toMatchObject({ id: accepted.body.id, status: 'queued' })
      const image = await expectSoon(() => fetch(accepted.body.imageUrl))
      await image.arrayBuffer()
      expect(image.status).toBe(200)
      expect(image.headers.get('imageonce-placeholder')).toBe('true')
      const cancel = await alice.fail('POST', `/api/generations/${accepted.body.id}/cancel`)
      expect(cancel.status).toBe(503)
      const stream = await fetch(accepted.body.urls.events, {
        headers: { authorization: `Bearer ${await app.token('alice')}` },
      })
      const { value } = (await stream.body?.getReader().read()) ?? {}
      expect(new TextDecoder().decode(value)).toContain('retry:')
      const mallory = await createClient(app, 'mallory')
      expect((await mallory.fail('GET', `/api/generations/${accepted.body.id}`)).status).not.toBe(
        200,
      )

      await proxy.mend()
      const done = await waitFor(
        async () => {
          const { status, body } = await alice.get(accepted.body.id, { Prefer: 'wait=5' })
          return status === 200 && body.status === 'succeeded' && body
        },
        { what: 'the parked request to be made' },
      )
      expect(done).toMatchObject({ attempts: 1 })
      expect(app.gemini.countCalls('during')).toBe(1)
      const known = await alice.generate({ prompt: 'during' })
      expect(known.body.reuse?.source).toBe('exact')
    },
  )

  test('an image that was just bought is kept, and its cost is booked', async () => {
    app.gemini.behave(async () => {
      await proxy.cut()
      return { kind: 'image' }
    })
    const { body } = await alice.generate({ prompt: 'bought in the dark' })
    await app.gemini.waitForCall()
    await waitFor(
      async () => (await readdir(join(app.dataDir, 'images', 'generated'))).length > 0,
      {
        what: 'the bytes to be in the store',
      },
    )
    await proxy.mend()
    const done = await waitFor(
      async () => {
        const { body: read } = await alice.get(body.id, { Prefer: 'wait=5' })
        return read.status === 'succeeded' && read
      },
      { what: 'the image' },
    )
    expect(done.costUsd).toBeGreaterThan(0)
    expect(app.gemini.countCalls()).toBe(1)
  })

  test('a new condition image waits with its request', async () => {
    await proxy.cut()
    const conditionImage = (await makePng('#336699', 20)).toString('base64')
    const { status, body } = await alice.generate({ prompt: 'like this', conditionImage })
    expect(status).toBe(202)
    expect(body.isConditioned).toBe(true)
    await proxy.mend()
    await waitFor(
      async () => (await alice.get(body.id, { Prefer: 'wait=5' })).body.status === 'succeeded',
      {
        what: 'the conditioned request to be made',
      },
    )
    expect(app.gemini.calls.at(-1)?.body.contents[0]?.parts.some((part) => part.inlineData)).toBe(
      true,
    )
    const images = await alice.call<{ images: { imageType: string }[] }>('GET', '/api/images')
    expect(images.body.images.map(({ imageType }) => imageType).sort()).toEqual([
      'generated',
      'user_uploaded',
    ])
  })

  test('a forced request under its key stays one generation', async () => {
    await proxy.cut()
    const request = { prompt: 'anew', skipExistingCheck: true }
    const key = { 'Idempotency-Key': 'one-click' }
    const first = await alice.generate(request, key)
    expect(first.status).toBe(202)
    const second = await alice.generate(request, key)
    expect(second.body.id).toBe(first.body.id)
    await proxy.mend()
    await waitFor(
      async () =>
        (await alice.get(first.body.id, { Prefer: 'wait=5' })).body.status === 'succeeded',
      {
        what: 'the forced request to be made',
      },
    )
    const third = await alice.generate(request, key)
    expect(third.body.id).toBe(first.body.id)
    expect(app.gemini.countCalls('anew')).toBe(1)
  })

  test('a request that a row has answered in the meantime costs nothing', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'known' })
    await proxy.cut()
    const parked = await alice.generate({ prompt: 'known' })
    expect(parked).toMatchObject({ status: 202, body: { id: body.id } })
    await proxy.mend()
    await waitFor(async () => (await alice.get(body.id)).body.status === 'succeeded', {
      what: 'the answer',
    })
    await withDatabaseAt(database.url, async (db) => {
      const backend = toQueueBackend(app.config, db)
      const queue = createGenerationQueue(backend, app.config.queue.name, () => {})
      await queue.settle(2_000)
      await waitFor(async () => (await queue.findDeferred(body.id)) === undefined, {
        what: 'its job to be done with',
      }).finally(queue.close)
    })
    expect(app.gemini.countCalls('known')).toBe(1)
  })
})

describe('while everything is in a Postgres that is away', () => {
  beforeEach(() => start('postgres'))

  test('a request is refused soon, with a placeholder and when to come back; others work after', async () => {
    await proxy.cut()
    const refused = await expectSoon(() =>
      alice.fail('POST', '/api/visualize/generate', { body: { prompt: 'during' } }),
    )
    expect(refused).toMatchObject({
      status: 503,
      body: { code: 'unavailable', retryable: true, isPlaceholder: true },
    })
    expect(refused.body.imageUrl).toMatch(/^data:image\/webp;base64,/)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    await proxy.mend()
    await waitFor(
      async () => (await alice.generate({ prompt: 'during' }, { Prefer: 'wait=5' })).status === 200,
      { what: 'the service to be back' },
    )
    expect(app.gemini.countCalls('during')).toBe(1)
  })
})
