import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import type { Explanation } from '../../src/contract/explanation.ts'
import type { GenerationHistory } from '../../src/contract/generation-history.ts'
import type { Key } from '../../src/contract/key.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { describeEachBackend } from '../support/each-backend.ts'
import { createHolds } from '../support/held.ts'
import { expectProblem } from '../support/problems.ts'
import { createItems } from '../support/saved-items.ts'
import { waitFor } from '../support/wait-for.ts'

/** As many as the acceptance asks for with `FLEX_SAVES=1000`. */
const SAVES = Number(process.env.FLEX_SAVES ?? 40)

/** What the stand-in counts, at the default model's prices. */
const STANDARD_USD = 0.033618
const FLEX_USD = 0.016809

describeEachBackend('the eager lane at the flex tier', (backend) => {
  let app: TestApp
  let alice: Client
  let admin: Client
  let holds: ReturnType<typeof createHolds>

  beforeAll(async () => {
    const env = { EAGER_TIER: 'flex', WORKER_CONCURRENCY: '1', FLEX_CONCURRENCY: '3' }
    app = await startTestApp({ backend, env })
    alice = await createClient(app)
    admin = await createClient(app, 'ops', true)
    holds = createHolds(app.gemini)
  })
  afterEach(() => holds.release())
  afterAll(() => app.stop())

  const makeKey = async (input: object) => {
    const body = { name: 'a test’s', ownerId: 'alice', ...input }
    const { body: made } = await admin.call<Key>('POST', '/api/keys', { body })
    return { ...made, client: await createClient({ ...app, token: async () => made.key ?? '' }) }
  }

  test('makes an image at half the price, and every answer says so', async () => {
    const request = { prompt: 'a heron at half the price', lane: 'eager' }
    const explained = await alice.call<Explanation>('POST', '/api/visualize/explain', {
      body: request,
    })
    expect(explained.body.images).toMatchObject([
      { would: 'buy', price: { tier: 'flex', atMostUsd: 0.020175 } },
    ])
    const { body } = await alice.generateAndWait(request)
    expect(body).toMatchObject({ status: 'succeeded', tier: 'flex', costUsd: FLEX_USD })
    expect(app.gemini.calls.at(-1)).toMatchObject({ tier: 'flex', patienceSeconds: 900 })
    const { body: history } = await alice.call<GenerationHistory>(
      'GET',
      `/api/generations/${body.id}/history`,
    )
    expect(history.attempts).toMatchObject([
      { tier: 'flex', servedTier: 'flex', costUsd: FLEX_USD, costBasis: 'measured' },
    ])
  })

  test('and whoever waits pays the whole price, and has a model that is named as it is', async () => {
    const request = { prompt: 'a heron at once' }
    const explained = await alice.call<Explanation>('POST', '/api/visualize/explain', {
      body: request,
    })
    expect(explained.body.images[0]?.price).toMatchObject({ tier: 'standard', atMostUsd: 0.04035 })
    const { body } = await alice.generateAndWait(request)
    expect(body).toMatchObject({ tier: 'standard', costUsd: STANDARD_USD })
  })

  test('is made as its key says', async () => {
    const { client, eagerTier } = await makeKey({ eagerTier: 'standard' })
    expect(eagerTier).toBe('standard')
    const eager = { lane: 'eager', prompt: 'a heron by a key' }
    const { body: explained } = await client.call<Explanation>('POST', '/api/visualize/explain', {
      body: eager,
    })
    expect(explained.images[0]?.price).toMatchObject({ tier: 'standard' })
    const { body } = await client.generateAndWait(eager)
    expect(body).toMatchObject({ tier: 'standard', costUsd: STANDARD_USD })
    const open = await makeKey({})
    const other = await open.client.generateAndWait({ ...eager, prompt: 'a heron by another key' })
    expect(other.body).toMatchObject({ tier: 'flex' })
    const wrong = { name: 'x', ownerId: 'alice', eagerTier: 'cheap' }
    const refused = await admin.fail('POST', '/api/keys', { body: wrong })
    expectProblem(refused, { status: 400, code: 'invalid_request', pointers: ['/eagerTier'] })
  })

  test('keeps nobody who waits from the slots, however many are out', async () => {
    const open = holds.hold()
    const prompts = ['one', 'two', 'three', 'four'].map((name) => `a slow heron, ${name}`)
    const ids: string[] = []
    for (const prompt of prompts) {
      const { body } = await alice.generate({ prompt, lane: 'eager' })
      ids.push(body.id)
    }
    const countOut = () => app.gemini.countCalls('a slow heron')
    await waitFor(() => countOut() === 3, { what: 'three calls beside a single slot' })
    const putOff = await waitFor(
      async () => {
        const { rows } = await sql<{ id: string }>`select id from generations
          where id = any(${ids}::text[]) and status = 'queued' and run_after > now() + interval '10 s'`.execute(
          app.db,
        )
        return rows.length === 1 && rows[0]
      },
      { what: 'the fourth to be put off' },
    )
    // The stand-in holds everything: what a person asks for is answered by name.
    app.gemini.behave((call) =>
      call.prompt.includes('slow') ? { kind: 'hang' } : { kind: 'image' },
    )
    const { body } = await alice.generateAndWait({ prompt: 'a heron that cannot wait' })
    expect(body).toMatchObject({ status: 'succeeded', tier: 'standard' })
    expect(countOut()).toBe(3)
    open()
    // It is looked at again in a while that no test waits for.
    await alice.call('POST', `/api/generations/${putOff.id}/cancel`)
    app.gemini.behave({ kind: 'image' })
    for (const id of ids.filter((each) => each !== putOff.id)) {
      const { body } = await alice.waitForEnd(id)
      expect(body).toMatchObject({ status: 'succeeded', tier: 'flex' })
    }
    expect(countOut()).toBe(3)
  })

  test('is joined by a person while it is out, and is made at once for one before', async () => {
    const open = holds.hold()
    const out = { prompt: 'a heron that is on its way' }
    const eager = await alice.generate({ ...out, lane: 'eager' })
    await app.gemini.waitForCall(({ prompt }) => prompt.includes(out.prompt))
    const joined = await alice.generate(out)
    expect(joined.body).toMatchObject({ id: eager.body.id, isExisting: true, tier: 'flex' })
    open()
    const made = await alice.waitForEnd(eager.body.id)
    expect(made.body).toMatchObject({ lane: 'interactive', tier: 'flex', costUsd: FLEX_USD })
    expect(app.gemini.countCalls(out.prompt)).toBe(1)

    const waiting = { prompt: 'a heron that waits for room' }
    app.gemini.behave((call) => (call.tier === 'flex' ? { kind: 'overloaded' } : { kind: 'image' }))
    const shed = await alice.generate({ ...waiting, lane: 'eager' })
    await waitFor(
      async () =>
        (await alice.get(shed.body.id)).body.status === 'queued' &&
        app.gemini.countCalls(waiting.prompt) === 1,
      { what: 'the model to have no room' },
    )
    const { body } = await alice.generateAndWait(waiting)
    expect(body).toMatchObject({ id: shed.body.id, tier: 'standard', status: 'succeeded' })
    expect(app.gemini.countCalls(waiting.prompt)).toBe(2)
    await app.db.deleteFrom('tierLimits').execute()
  })

  test('is made at the standard price where the model does not take the tier, and nothing fails for it', async () => {
    app.gemini.behave((call) =>
      call.tier === 'flex' ? { kind: 'tier_refused' } : { kind: 'image' },
    )
    const { body } = await alice.generateAndWait({ prompt: 'a heron refused', lane: 'eager' })
    expect(body).toMatchObject({ status: 'succeeded', tier: 'standard', attempts: 1 })
    const next = { prompt: 'a heron after that', lane: 'eager' }
    const { body: explained } = await alice.call<Explanation>('POST', '/api/visualize/explain', {
      body: next,
    })
    expect(explained.images[0]?.price).toMatchObject({ tier: 'standard' })
    await alice.generateAndWait(next)
    expect(app.gemini.countCalls('a heron refused')).toBe(2)
    expect(app.gemini.countCalls('a heron after that')).toBe(1)
    await app.db.deleteFrom('tierLimits').execute()
  })

  test(`costs at most 0.51 of the standard price for ${SAVES} saves, the hundredth of which is served as standard`, async () => {
    const carol = await createClient(app, 'carol')
    const items = createItems(carol)
    app.gemini.behave(({ number }) =>
      number % 100 === 0 ? { kind: 'image', served: 'standard' } : { kind: 'image' },
    )
    for (let i = 0; i < SAVES; i++) await items.save({ prompt: `a saved heron, ${i}` })
    const hasten = sql`update generations set run_after = null, enqueued_at = null
      where owner_id = 'carol' and status = 'queued' and run_after > now()`
    await waitFor(
      async () => {
        await hasten.execute(app.db)
        const { rows } = await sql<{ count: number }>`
          select count(*)::int as count from generations where owner_id = 'carol' and status = 'succeeded'`.execute(
          app.db,
        )
        return rows[0]?.count === SAVES
      },
      { what: 'the saves to have their images', timeoutMs: 60_000 + SAVES * 1_000 },
    )
    const { rows } = await sql<{ usd: number; calls: number }>`
      select sum(attempts.cost_nano_usd)::float8 / 1e9 as usd, count(*)::int as calls from attempts
      join generations on generations.id = generation_id where owner_id = 'carol'`.execute(app.db)
    const [{ usd, calls } = { usd: 0, calls: 0 }] = rows
    expect(calls).toBe(SAVES)
    expect(usd / (SAVES * STANDARD_USD)).toBeLessThanOrEqual(0.51)
    expect(usd).toBeGreaterThanOrEqual(SAVES * FLEX_USD - 1e-9)
  }, 600_000)
})
