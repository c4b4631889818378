import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import type { SavedItem } from '../../src/contract/saved-item.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { newHookSecret, sendHook } from '../support/hooks.ts'
import { makePng } from '../support/pictures.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'
import { expectProblem } from '../support/problems.ts'
import { describeWith } from '../support/skip.ts'
import { beforeStatementsEnd } from '../support/statement-end.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { waitFor } from '../support/wait-for.ts'

const SECRET = newHookSecret()

describeWith('redis', 'saved items', () => {
  let database: TestDatabase
  let postgres: Awaited<ReturnType<typeof startPostgresProxy>>
  let redis: TcpProxy
  let app: TestApp
  let alice: Client

  beforeAll(async () => {
    database = await createTestDatabase()
    postgres = await startPostgresProxy(database.url)
    const { hostname, port } = new URL(process.env.TEST_REDIS_URL ?? '')
    redis = await startTcpProxy({ host: hostname, port: Number(port || 6379) })
    app = await startTestApp({
      backend: 'redis',
      env: {
        DATABASE_URL: postgres.url,
        REDIS_URL: `redis://127.0.0.1:${redis.port}`,
        HOOK_SECRETS: `cms:${SECRET}`,
        HOOK_DEBOUNCE_MS: '100',
      },
    })
    alice = await createClient(app)
  })
  afterAll(async () => {
    await app.stop()
    await postgres.close()
    await redis.close()
    await database.drop()
  })
  afterEach(() => mend())

  const mend = async () => {
    await Promise.all([postgres.mend(), redis.mend()])
    await waitFor(async () => (await fetch(`${app.url}/readyz`)).ok, {
      what: 'the stores to be back',
    })
  }

  const ITEMS = '/api/saved-items'
  const save = (body: object) => alice.call<SavedItem>('POST', ITEMS, { body })
  const load = async (id: string) => (await alice.call<SavedItem>('GET', `${ITEMS}/${id}`)).body
  const waitForImage = (id: string) =>
    waitFor(
      async () => {
        const item = await load(id)
        return item.status === 'succeeded' && item
      },
      { what: 'the image' },
    )
  const expectSoon = <T>(work: () => Promise<T>): Promise<T> => beforeStatementsEnd(work())

  describe.each<[string, () => unknown]>([
    ['cannot be reached', () => redis.cut()],
    ['hears and says nothing', () => redis.freeze()],
  ])('while Redis %s', (how, fail) => {
    test('are saved, changed and loaded, and have their image made afterwards, once', async () => {
      const before = `before, ${how}`
      const after = `after, ${how}`
      await fail()
      const saved = await expectSoon(() => save({ prompt: before }))
      expect(saved).toMatchObject({ status: 201, body: { status: 'queued', isPlaceholder: true } })
      const { id } = saved.body
      const changed = await expectSoon(() =>
        alice.call<SavedItem>('PATCH', `${ITEMS}/${id}`, { body: { prompt: after } }),
      )
      expect(changed).toMatchObject({ status: 200, body: { prompt: after, status: 'queued' } })
      expect(await expectSoon(() => load(id))).toMatchObject({ prompt: after, status: 'queued' })
      await mend()
      await waitForImage(id)
      expect(app.gemini.countCalls(after)).toBe(1)
      expect(app.gemini.countCalls(before)).toBe(0)
    })

    test('are taken by hook, removed, and not bought then', async () => {
      await fail()
      const hook = { ownerId: 'alice', itemId: crypto.randomUUID(), prompt: `hooked, ${how}` }
      const taken = await expectSoon(() => sendHook(app, hook, { secret: SECRET }))
      expect(taken.status).toBe(202)
      const { body } = await save({ prompt: `removed, ${how}` })
      const removed = await expectSoon(() => alice.call('DELETE', `${ITEMS}/${body.id}`))
      expect(removed.status).toBe(204)
      await mend()
      await waitForImage(hook.itemId)
      expect(app.gemini.countCalls(`hooked, ${how}`)).toBe(1)
      expect(app.gemini.countCalls(`removed, ${how}`)).toBe(0)
    })
  })

  describe.each<[string, () => unknown]>([
    ['cannot be reached', () => postgres.cut()],
    ['hears and says nothing', () => postgres.freeze()],
  ])('while Postgres %s', (how, fail) => {
    test('are refused soon, with when to come back, and may be sent again', async () => {
      const { body: kept } = await save({ title: 'Kept' })
      const { body: unwanted } = await save({ title: 'Unwanted' })
      const conditionImage = (await makePng('#102030', 12)).toString('base64')
      const requests: [string, string, object | undefined, number[]][] = [
        ['POST', ITEMS, { prompt: `saved, ${how}` }, [201]],
        ['POST', ITEMS, { prompt: `saved like this, ${how}`, conditionImage }, [201]],
        ['GET', ITEMS, undefined, [200]],
        ['GET', `${ITEMS}/${kept.id}`, undefined, [200]],
        ['PATCH', `${ITEMS}/${kept.id}`, { prompt: `changed, ${how}` }, [200]],
        // What was frozen on its way may still have arrived.
        ['DELETE', `${ITEMS}/${unwanted.id}`, undefined, [204, 404]],
      ]
      await fail()
      await Promise.all(
        requests.map(async ([method, path, body]) => {
          const answer = await expectSoon(() => alice.fail(method, path, { body }))
          expectProblem(answer, { status: 503, code: 'unavailable' })
          expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
        }),
      )
      await mend()
      for (const [method, path, body, statuses] of requests) {
        expect(statuses).toContain((await alice.call(method, path, { body })).status)
      }
      const { body: page } = await alice.call<{ items: SavedItem[] }>('GET', ITEMS)
      for (const prompt of [`saved, ${how}`, `saved like this, ${how}`, `changed, ${how}`]) {
        const items = page.items.filter((item) => item.prompt === prompt)
        expect(items).toHaveLength(1)
        await waitForImage(items[0]?.id ?? '')
        expect(app.gemini.countCalls(prompt)).toBe(1)
      }
      expect(page.items.map(({ id }) => id)).not.toContain(unwanted.id)
    })

    test('are refused by hook, and taken when it is sent again', async () => {
      const hook = {
        ownerId: 'alice',
        itemId: crypto.randomUUID(),
        prompt: `hooked again, ${how}`,
      }
      const webhookId = crypto.randomUUID()
      await fail()
      const send = () => sendHook(app, hook, { secret: SECRET, webhookId })
      expect(await expectSoon(send)).toMatchObject({ status: 503, body: { code: 'unavailable' } })
      await mend()
      // One that was frozen on its way may still have arrived.
      expect([202, 409]).toContain((await send()).status)
      await waitForImage(hook.itemId)
      expect(app.gemini.countCalls(`hooked again, ${how}`)).toBe(1)
    })
  })

  test('whose worker loses Postgres are asked for by it afterwards', async () => {
    const hook = { ownerId: 'alice', itemId: 'interrupted', prompt: 'interrupted' }
    expect((await sendHook(app, hook, { secret: SECRET })).status).toBe(202)
    await postgres.cut()
    await mend()
    await waitForImage('interrupted')
    expect(app.gemini.countCalls('interrupted')).toBe(1)
  })
})
