import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { GoogleGenAI } from '@google/genai'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import pino from 'pino'
import type { Explanation } from '../../src/contract/explanation.ts'
import type { Submitted } from '../../src/contract/generation.ts'
import type { GenerationHistory } from '../../src/contract/generation-history.ts'
import type { Key } from '../../src/contract/key.ts'
import { readWindow } from '../../src/features/analytics/window.ts'
import { measureSpending } from '../../src/features/spending/report.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { createTestDatabase } from '../support/database.ts'
import { findInRedis } from '../support/find-in-redis.ts'
import { findMentions } from '../support/find-mentions.ts'
import { TEXT_MODEL } from '../support/gemini-passing.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'
import { expectProblem } from '../support/problems.ts'
import { describeWith } from '../support/skip.ts'
import { findMiscounted } from '../support/sums.ts'
import { waitFor } from '../support/wait-for.ts'

const HEADER = 'Imageonce-Upstream-Key'
const KEY = 'AIzaSy-a-key-of-the-callers-own-000001'
const OTHER_KEY = 'AIzaSy-a-key-of-the-callers-own-000002'
const LIMITED_KEY = 'AIzaSy-a-key-of-the-callers-own-000004'
const WRONG_KEY = 'AIzaSy-a-key-that-nobody-knows-000003'
const brought = { [HEADER]: KEY }

let app: TestApp
let operator: Client
const lines: string[] = []

beforeAll(async () => {
  const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
  app = await startTestApp({
    env: { UPSTREAM_KEYS: 'allowed', CORS_ORIGINS: 'https://app.example', LOG_LEVEL: 'trace' },
    logger,
  })
  app.gemini.acceptKey(KEY)
  app.gemini.acceptKey(OTHER_KEY)
  app.gemini.acceptKey(LIMITED_KEY)
  operator = await createClient(app, 'ops', true)
})
afterEach(() => app.gemini.reset())
afterAll(() => app.stop())

const keysOfCalls = () => app.gemini.calls.map(({ apiKey }) => apiKey)

const findAttempts = (generationId: string) =>
  app.db
    .selectFrom('attempts')
    .selectAll()
    .where('generationId', '=', generationId)
    .orderBy('id')
    .execute()

const listKept = () => app.db.selectFrom('upstreamKeys').selectAll().execute()

const NO_LIMITS = { everyone: {}, eachOwner: {}, warnShare: 0.8 }
const readSpentUsd = async () => (await measureSpending(app.db, NO_LIMITS)).todayUsd

const makeKey = async (input: object) => {
  const body = { name: 'a test’s', onBehalf: false, ...input }
  const { body: made } = await operator.call<Key>('POST', '/api/keys', { body })
  return createClient({ url: app.url, token: async () => made.key ?? '' })
}

/** Hangs until it is let go, so that what is in flight can be looked at. */
const holdCalls = () => {
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  app.gemini.behave(async () => {
    await held
    return { kind: 'image' }
  })
  return release
}

describe('an image that is asked for with a key of the caller’s own', () => {
  test('is paid for with it, and costs this server nothing', async () => {
    const anna = await createClient(app, 'anna')
    const before = await readSpentUsd()
    const { body } = await anna.generateAndWait({ prompt: 'of my own' }, brought)
    expect(body).toMatchObject({ status: 'succeeded', costUsd: 0, billedTo: 'caller' })
    expect(keysOfCalls()).toEqual([KEY])
    expect(await findAttempts(body.id)).toMatchObject([
      {
        billedTo: 'caller',
        costNanoUsd: 0,
        heldNanoUsd: 0,
        outcome: 'image',
        mayHaveCharged: true,
      },
    ])
    expect(await readSpentUsd()).toBe(before)
    expect(await findMiscounted(app.db)).toEqual([])
    const { body: history } = await anna.call<GenerationHistory>(
      'GET',
      `/api/generations/${body.id}/history`,
    )
    expect(history.attempts).toMatchObject([{ billedTo: 'caller', costUsd: 0 }])
    expect(history.attempts[0]?.callerCostUsd).toBeGreaterThan(0.01)
  })

  test('counts as a paid call of its owner’s', async () => {
    const owner = 'counted'
    const client = await createClient(app, owner)
    await client.generateAndWait({ prompt: 'counted' }, brought)
    type Summary = { figures: { paidCalls: number; spendUsd: number } }
    const { body } = await client.call<Summary>('GET', '/api/analytics/summary')
    expect(body.figures).toMatchObject({ paidCalls: 1, spendUsd: 0 })
  })

  test('is made beyond a budget, and while paying is stopped', async () => {
    const poor = await createClient(app, 'poor')
    await operator.call('PUT', '/api/budgets/owner%3Apoor', { body: { dailyUsd: 0.000001 } })
    const refused = await poor.fail('POST', '/api/visualize/generate', { body: { prompt: 'poor' } })
    expectProblem(refused, { status: 429, code: 'budget_exceeded' })
    const { body } = await poor.generateAndWait({ prompt: 'poor' }, brought)
    expect(body.status).toBe('succeeded')
    await operator.call('POST', '/api/spending/pause')
    const { body: paused } = await poor.generateAndWait({ prompt: 'poor and paused' }, brought)
    await operator.call('POST', '/api/spending/resume')
    expect(paused.status).toBe('succeeded')
  })

  test('is the same picture, whoever pays', async () => {
    const bea = await createClient(app, 'bea')
    const { body: own } = await bea.generateAndWait({ prompt: 'either way' }, brought)
    const { body: again } = await bea.generateAndWait({ prompt: 'either way' })
    expect(again).toMatchObject({ id: own.id, reuse: { source: 'exact' } })
    expect(again.reuse?.savedUsd).toBeGreaterThan(0)
    const { body: ours } = await bea.generateAndWait({ prompt: 'the other way' })
    const { body: reused } = await bea.generateAndWait({ prompt: 'the other way' }, brought)
    expect(reused).toMatchObject({ id: ours.id, reuse: { source: 'exact' } })
    expect(keysOfCalls()).toEqual([KEY, app.gemini.apiKey])
  })

  test('is paid for by who asks first, where two ask at once', async () => {
    const cora = await createClient(app, 'cora')
    const release = holdCalls()
    const { body: first } = await cora.generate({ prompt: 'at once' }, brought)
    const { body: second } = await cora.generate({ prompt: 'at once' }, { [HEADER]: OTHER_KEY })
    expect(second).toMatchObject({ id: first.id, reuse: { source: 'joined' } })
    await app.gemini.waitForCall()
    release()
    expect((await cora.waitForEnd(first.id)).body.status).toBe('succeeded')
    expect(keysOfCalls()).toEqual([KEY])
  })

  test('may be one of several, each with its key', async () => {
    const dora = await createClient(app, 'dora')
    const { body } = await dora.call<Submitted>('POST', '/api/visualize/generate', {
      body: { prompt: 'three', n: 3 },
      headers: { ...brought, Prefer: 'wait=20' },
    })
    for (const { id } of body.generations ?? []) await dora.waitForEnd(id)
    expect(keysOfCalls()).toEqual([KEY, KEY, KEY])
  })

  test('may be made ahead of need', async () => {
    const emma = await createClient(app, 'emma')
    const { body } = await emma.generate({ prompt: 'ahead', lane: 'eager' }, brought)
    expect((await emma.waitForEnd(body.id)).body).toMatchObject({ status: 'succeeded', costUsd: 0 })
    expect(keysOfCalls()).toEqual([KEY])
  })

  test('is foretold as that', async () => {
    const fay = await createClient(app, 'fay')
    await operator.call('PUT', '/api/budgets/owner%3Afay', { body: { dailyUsd: 0.000001 } })
    const explain = async (headers: Record<string, string>) =>
      (
        await fay.call<Explanation>('POST', '/api/visualize/explain', {
          body: { prompt: 'foretold' },
          headers,
        })
      ).body
    expect(await explain({})).toMatchObject({ billedTo: 'server', images: [{ would: 'refuse' }] })
    const own = await explain(brought)
    expect(own).toMatchObject({ billedTo: 'caller', images: [{ would: 'buy' }] })
    expect(own.atMostUsd).toBeGreaterThan(0)
  })
})

describe('a key of the caller’s own', () => {
  test.each<[string, Record<string, string>]>([
    ['too short', { [HEADER]: 'short' }],
    ['too long', { [HEADER]: 'k'.repeat(513) }],
    ['with a blank', { [HEADER]: 'a key with blanks in it' }],
    ['several', { [HEADER]: `${KEY}, ${OTHER_KEY}` }],
  ])('is looked at before anything: %s', async (_what, headers) => {
    const gia = await createClient(app, 'gia')
    const body = { prompt: 'not this way' }
    const refused = await gia.fail('POST', '/api/visualize/generate', { body, headers })
    expectProblem(refused, { status: 400, code: 'invalid_request', pointers: [HEADER] })
    expect(JSON.stringify(refused.body)).not.toContain(headers[HEADER])
    expect(app.gemini.calls).toHaveLength(0)
  })

  test('may come from a page of another origin', async () => {
    const answer = await fetch(`${app.url}/openai/v1/images/generations`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': `authorization, ${HEADER}`,
      },
    })
    expect(answer.headers.get('access-control-allow-headers')).toContain(HEADER)
  })

  test('is kept while its generation has not ended, sealed, and no longer', async () => {
    const hana = await createClient(app, 'hana')
    const release = holdCalls()
    const { body } = await hana.generate({ prompt: 'kept' }, brought)
    await app.gemini.waitForCall()
    const [kept] = await listKept()
    expect(kept).toMatchObject({ generationId: body.id })
    expect(await findMentions(app.db, [KEY])).toEqual([])
    release()
    await hana.waitForEnd(body.id)
    expect(await listKept()).toEqual([])
  })

  test.each<[string, (client: Client, id: string) => Promise<unknown>]>([
    ['is canceled', (client, id) => client.call('POST', `/api/generations/${id}/cancel`)],
    [
      'is not made in time',
      (_client, id) =>
        sql`update generations set deadline_at = now() - interval '1 s', status = 'queued', fence = fence + 1,
          run_after = now() + interval '1 h' where id = ${id}`.execute(app.db),
    ],
    ['is erased', (client) => client.call('DELETE', '/api/me')],
  ])('goes with the generation that %s', async (what, end) => {
    const client = await createClient(app, `ida ${what}`)
    holdCalls()
    const { body } = await client.generate({ prompt: 'soon gone' }, brought)
    await app.gemini.waitForCall()
    expect(await listKept()).toHaveLength(1)
    await end(client, body.id)
    await waitFor(async () => (await listKept()).length === 0, { what: 'the key to be gone' })
  })

  test('stands nowhere: in no table, dump, spool, trace of a failure or line of the log', async () => {
    const jane = await createClient(app, 'jane')
    // What the provider says of a request repeats the key.
    app.gemini.behave({ kind: 'raw', status: 500, json: { error: { message: `with ${KEY}` } } })
    await jane.generateAndWait({ prompt: 'repeated' }, brought)
    app.gemini.behave({ kind: 'key_invalid' })
    await jane.generateAndWait({ prompt: 'refused' }, brought)
    app.gemini.behave({ kind: 'image' })
    await jane.generateAndWait({ prompt: 'made' }, brought)
    expect(await findMentions(app.db, [KEY, OTHER_KEY])).toEqual([])
    const dump = await dumpDatabase()
    expect(dump).toContain('repeated')
    expect(dump).not.toContain(KEY)
    for (const text of await readAll(app.dataDir)) expect(text.includes(KEY)).toBe(false)
    expect(lines.length).toBeGreaterThan(10)
    expect(lines.join('')).not.toContain(KEY)
    const metrics = await (await fetch(`${app.url}/metrics`)).text()
    expect(metrics).toContain('imageonce_provider')
    expect(metrics).not.toContain(KEY)
  })
})

describe('what the provider says of a key of the caller’s own', () => {
  test('is told to the caller, and neither paid for with the server’s nor an alert', async () => {
    const kim = await createClient(app, 'kim')
    const before = await readSpentUsd()
    const { body } = await kim.generateAndWait({ prompt: 'refused' }, { [HEADER]: WRONG_KEY })
    expect(body).toMatchObject({
      status: 'failed',
      isPlaceholder: true,
      error: { code: 'upstream_key_refused', retryable: false },
    })
    expect(body.error?.message).toContain('API_KEY_INVALID')
    expect(keysOfCalls()).toEqual([WRONG_KEY])
    expect(await readSpentUsd()).toBe(before)
    const { failed } = await readWindow(app.db, 600_000)
    const others = await app.db
      .selectFrom('generations')
      .select(({ fn }) => fn.countAll<string>().as('count'))
      .where('errorCode', 'not like', 'upstream_key_%')
      .where('status', '=', 'failed')
      .executeTakeFirstOrThrow()
    expect(failed).toBe(Number(others.count))
  })

  test('of its quota too, at once, and of no other key', async () => {
    const lea = await createClient(app, 'lea')
    app.gemini.behave(({ apiKey }) =>
      apiKey === LIMITED_KEY ? { kind: 'rate_limited', retryDelay: '40s' } : { kind: 'image' },
    )
    const ask = (prompt: string, headers: Record<string, string>) =>
      lea.generateAndWait({ prompt }, headers)
    const limited = { status: 'failed', error: { code: 'upstream_key_limited', retryable: true } }
    const { body: first } = await ask('used up', { [HEADER]: LIMITED_KEY })
    expect(first).toMatchObject(limited)
    expect(first.error?.message).toContain('40 s')
    // It is known by now, so that the provider is not asked.
    const { body: next } = await ask('used up, too', { [HEADER]: LIMITED_KEY })
    expect(next).toMatchObject(limited)
    expect((await ask('of another', { [HEADER]: OTHER_KEY })).body.status).toBe('succeeded')
    expect((await ask('of ours', {})).body.status).toBe('succeeded')
    expect(keysOfCalls()).toEqual([LIMITED_KEY, OTHER_KEY, app.gemini.apiKey])
  })

  test('is told again with another key, which pays then', async () => {
    const mia = await createClient(app, 'mia')
    const wrong = await mia.generateAndWait({ prompt: 'again' }, { [HEADER]: WRONG_KEY })
    const right = await mia.generateAndWait({ prompt: 'again' }, brought)
    expect(right.body).toMatchObject({ id: wrong.body.id, status: 'succeeded' })
    expect(keysOfCalls()).toEqual([WRONG_KEY, KEY])
  })
})

describe('asking again for what a key of the caller’s own was to pay for', () => {
  const failOne = async (owner: string, prompt: string) => {
    const client = await createClient(app, owner)
    const { body } = await client.generateAndWait({ prompt }, { [HEADER]: WRONG_KEY })
    return { client, id: body.id }
  }

  test('by a retry needs a key again', async () => {
    const { client, id } = await failOne('nora', 'retried')
    const path = `/api/generations/${id}/retry`
    const refused = await client.fail('POST', path)
    expectProblem(refused, { status: 403, code: 'upstream_key_required', pointers: [HEADER] })
    const { status } = await client.call('POST', path, { headers: brought })
    expect(status).toBe(202)
    expect((await client.waitForEnd(id)).body.status).toBe('succeeded')
    expect(keysOfCalls()).toEqual([WRONG_KEY, KEY])
  })

  test('in bulk does, too', async () => {
    const { client, id } = await failOne('olga', 'in bulk')
    const order = { body: { action: 'retry', filter: {} } }
    type Report = { changed: number; refused: { id: string; code: string }[] }
    const { body } = await client.call<Report>('POST', '/api/generations/bulk', order)
    expect(body.refused).toEqual([{ id, code: 'upstream_key_required' }])
    const withKey = { ...order, headers: brought }
    const { body: done } = await client.call<Report>('POST', '/api/generations/bulk', withKey)
    expect(done).toMatchObject({ changed: 1, refused: [] })
    expect((await client.waitForEnd(id)).body.status).toBe('succeeded')
  })

  test('fails where the key is kept no more, and never falls back to the server’s', async () => {
    const paula = await createClient(app, 'paula')
    app.gemini.behave({ kind: 'rate_limited', retryDelay: '1s' })
    const headers = { [HEADER]: OTHER_KEY }
    const { body } = await paula.generate({ prompt: 'lost', lane: 'eager' }, headers)
    const [kept] = await waitFor(
      async () => {
        const { body: waiting } = await paula.get(body.id)
        return waiting.error?.code === 'upstream_key_limited' && listKept()
      },
      { what: 'the eager one to wait' },
    )
    expect(kept).toMatchObject({ generationId: body.id })
    // Sealed with a secret that is exchanged by now.
    const sealed = kept?.sealed.replace(/.{8}$/, 'AAAAAAAA')
    await app.db
      .updateTable('upstreamKeys')
      .set({ sealed: sealed ?? '' })
      .execute()
    app.gemini.reset()
    const { body: ended } = await paula.waitForEnd(body.id)
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'upstream_key_required' } })
    expect(app.gemini.calls).toHaveLength(0)
    expect(await listKept()).toEqual([])
  })

  test('can’t be booked to the server, by whatever release', async () => {
    const quinn = await createClient(app, 'quinn')
    const { body } = await quinn.generateAndWait({ prompt: 'guarded' }, brought)
    const asOlder = app.db
      .insertInto('attempts')
      .values({ generationId: body.id, fence: 9, workerId: 'old', provider: 'gemini', model: 'x' })
      .execute()
    await expect(asOlder).rejects.toMatchObject({ code: '23514' })
  })
})

describe('by other providers’ APIs', () => {
  const say = (text: string) => ({ contents: [{ role: 'user', parts: [{ text }] }] })
  const GEMINI = '/gemini/v1beta/models/gemini-nano-banana-2.1:generateContent'
  const TEXT = `/gemini/v1beta/models/${TEXT_MODEL}:generateContent`

  test('Google’s SDK brings it in its headers', async () => {
    const client = new GoogleGenAI({
      apiKey: await app.token('rosa'),
      httpOptions: { baseUrl: `${app.url}/gemini`, headers: brought },
    })
    const answer = await client.models.generateContent({
      model: 'gemini-nano-banana-2.1',
      contents: 'a picture of mine',
      config: { responseModalities: ['TEXT', 'IMAGE'] },
    })
    expect(answer.candidates?.[0]?.content?.parts?.some(({ inlineData }) => inlineData)).toBe(true)
    expect(keysOfCalls()).toEqual([KEY])
  })

  test.each<[string, string, object, number, object]>([
    [
      'Gemini’s',
      GEMINI,
      { ...say('no'), generationConfig: { responseModalities: ['IMAGE'] } },
      403,
      { error: { status: 'PERMISSION_DENIED' } },
    ],
    [
      'OpenAI’s',
      '/openai/v1/images/generations',
      { prompt: 'no' },
      403,
      { error: { code: 'upstream_key_refused', type: 'permission_error' } },
    ],
    ['fal’s', '/fal/run/fal-ai/nano-banana', { prompt: 'no' }, 403, { detail: expect.any(String) }],
  ])('a refusal is told in %s words', async (_whose, path, body, status, told) => {
    const sara = await createClient(app, `sara ${path}`)
    const answer = await sara.call('POST', path, { body, headers: { [HEADER]: WRONG_KEY } })
    expect(answer).toMatchObject({ status, body: told })
    expect(JSON.stringify(answer.body)).not.toContain(WRONG_KEY)
    expect(keysOfCalls()).toEqual([WRONG_KEY])
  })

  test('what is handed on goes out with it, at no cost of this server’s', async () => {
    const tina = await createClient(app, 'tina')
    await operator.call('PUT', '/api/budgets/owner%3Atina', { body: { dailyUsd: 0.000001 } })
    const { status } = await tina.call('POST', TEXT, { body: say('hello'), headers: brought })
    expect(status).toBe(200)
    expect(app.gemini.passing.calls).toMatchObject([{ apiKey: KEY }])
    expect(app.gemini.passing.calls[0]?.headers).not.toHaveProperty(HEADER.toLowerCase())
    const call = await waitFor(
      () =>
        app.db
          .selectFrom('gatewayCalls')
          .selectAll()
          .where('ownerId', '=', 'tina')
          .where('finishedAt', 'is not', null)
          .executeTakeFirst(),
      { what: 'the call to be settled' },
    )
    expect(call).toMatchObject({ billedTo: 'caller', costNanoUsd: 0, heldNanoUsd: 0, status: 200 })
    expect(Number(call.callerCostNanoUsd)).toBeGreaterThan(0)
    expect(await findMiscounted(app.db)).toEqual([])
    const models = await tina.call('GET', '/gemini/v1beta/models', { headers: brought })
    expect(models.status).toBe(200)
    expect(app.gemini.passing.calls.at(-1)).toMatchObject({ apiKey: KEY })
  })

  test('and is refused by the provider itself', async () => {
    const uma = await createClient(app, 'uma')
    const headers = { [HEADER]: WRONG_KEY }
    const answer = await uma.call('POST', TEXT, { body: say('hello'), headers })
    expect(answer).toMatchObject({ status: 400, body: { error: { status: 'INVALID_ARGUMENT' } } })
    expect(app.gemini.passing.calls).toMatchObject([{ apiKey: WRONG_KEY }])
  })
})

describe('a key of this server’s', () => {
  test('may have to bring one', async () => {
    const client = await makeKey({
      ownerId: 'vera',
      scopes: ['read', 'generate', 'items'],
      upstreamKeys: 'required',
    })
    const need = { status: 403, code: 'upstream_key_required', pointers: [HEADER] }
    const body = { prompt: 'must pay' }
    expectProblem(await client.fail('POST', '/api/visualize/generate', { body }), need)
    const foreign = await client.call('POST', '/openai/v1/images/generations', { body })
    expect(foreign).toMatchObject({ status: 403, body: { error: { param: HEADER } } })
    const made = await client.generateAndWait(body, brought)
    expect(made.body.status).toBe('succeeded')
    const saved = await client.fail('POST', '/api/saved-items', { body })
    expectProblem(saved, { status: 403, code: 'refused_by_policy', pointers: [HEADER] })
    const { body: info } = await client.call<object>('GET', '/api/info')
    expect(info).toMatchObject({ caller: { upstreamKeys: 'required' } })
    const free = await client.call('GET', '/gemini/v1beta/models')
    expect(free.status).toBe(200)
    expect(keysOfCalls()).toEqual([KEY])
  })

  test('may be one that brings none', async () => {
    const client = await makeKey({ ownerId: 'wilma', upstreamKeys: 'off' })
    const body = { prompt: 'may not pay' }
    const refused = await client.fail('POST', '/api/visualize/generate', { body, headers: brought })
    expectProblem(refused, { status: 403, code: 'refused_by_policy', pointers: [HEADER] })
    expect((await client.generateAndWait(body)).body).toMatchObject({ status: 'succeeded' })
    expect(keysOfCalls()).toEqual([app.gemini.apiKey])
  })

  test('is told what it may', async () => {
    const { body } = await operator.call<{ keys: Key[] }>('GET', '/api/keys')
    expect(body.keys.map(({ upstreamKeys }) => upstreamKeys)).toEqual(
      expect.arrayContaining(['required', 'off']),
    )
  })
})

describeWith('redis', 'while Postgres is away', () => {
  test('a key waits sealed in the queue, and pays once Postgres is back', async () => {
    const database = await createTestDatabase()
    const proxy = await startPostgresProxy(database.url)
    const env = { DATABASE_URL: proxy.url, UPSTREAM_KEYS: 'allowed', LEASE_MS: '1000' }
    const away = await startTestApp({ backend: 'redis', env })
    away.gemini.acceptKey(KEY)
    try {
      const xena = await createClient(away, 'xena')
      await xena.generateAndWait({ prompt: 'before' })
      await proxy.cut()
      const { status, body } = await xena.generate({ prompt: 'parked' }, brought)
      expect(status).toBe(202)
      const redis = process.env.TEST_REDIS_URL ?? ''
      expect(await findInRedis(redis, [body.id])).not.toEqual([])
      expect(await findInRedis(redis, [KEY])).toEqual([])
      await proxy.mend()
      const { body: made } = await waitFor(
        async () => {
          const answer = await xena.get(body.id)
          return answer.body.status === 'succeeded' && answer
        },
        { what: 'the parked request to be made' },
      )
      expect(made).toMatchObject({ billedTo: 'caller', costUsd: 0 })
      expect(away.gemini.calls.map(({ apiKey }) => apiKey)).toEqual([away.gemini.apiKey, KEY])
      expect(await findMentions(away.db, [KEY])).toEqual([])
    } finally {
      await proxy.mend()
      await away.stop()
      await proxy.close()
      await database.drop()
    }
  })
})

const run = promisify(execFile)

/** All of it as `pg_dump` writes it, where that is; else as Postgres writes each row. */
const dumpDatabase = async (): Promise<string> => {
  const url = app.config.database.url ?? ''
  const dumped = await run('pg_dump', [url], { maxBuffer: 2 ** 28 }).catch(() => undefined)
  if (dumped) return dumped.stdout
  const { rows: tables } = await sql<{ name: string }>`
    select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema')`.execute(app.db)
  const texts: string[] = []
  for (const { name } of tables) {
    const { rows } = await sql<{ row: string }>`
      select one::text as row from ${sql.raw(name)} as one`.execute(app.db)
    texts.push(...rows.map(({ row }) => row))
  }
  return texts.join('\n')
}

const readAll = async (folder: string): Promise<Buffer[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => readFile(join(entry.parentPath, entry.name))),
  )
}
