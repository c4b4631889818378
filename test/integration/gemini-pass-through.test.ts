import { GoogleGenAI } from '@google/genai'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { isToCount } from '../../src/features/analytics/facts.ts'
import { createFold } from '../../src/features/analytics/fold.ts'
import { digestOwner } from '../../src/features/owners/digest-owner.ts'
import { applyRetention } from '../../src/features/retention/apply-retention.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { TEXT_MODEL, textUsage } from '../support/gemini-passing.ts'
import { findMiscounted } from '../support/sums.ts'
import { waitFor } from '../support/wait-for.ts'

const IMAGE_MODEL = 'gemini-nano-banana-2.1'
const CALL = `/gemini/v1beta/models/${TEXT_MODEL}:generateContent`
const STREAM = `/gemini/v1beta/models/${TEXT_MODEL}:streamGenerateContent?alt=sse`

type GoogleError = { error: { code: number; message: string; status: string } }

let app: TestApp
let alice: Client
let operator: Client

beforeAll(async () => {
  app = await startTestApp()
  alice = await createClient(app)
  operator = await createClient(app, 'ops', true)
})
afterEach(() => app.gemini.reset())
afterAll(() => app.stop())

const say = (text: string) => ({ contents: [{ role: 'user', parts: [{ text }] }] })
const findCalls = (ownerId: string) =>
  app.db
    .selectFrom('gatewayCalls')
    .selectAll()
    .where('ownerId', '=', ownerId)
    .orderBy('id')
    .execute()
const findSettled = (ownerId: string) =>
  waitFor(
    async () => {
      const calls = await findCalls(ownerId)
      return calls.length > 0 && calls.every(({ finishedAt }) => finishedAt) && calls
    },
    { what: 'the call to be settled' },
  )

describe('what can’t be reused', () => {
  test('is handed on with the server’s key alone, answered as it is, and booked', async () => {
    const body = {
      ...say('what do you see?'),
      tools: [{ googleSearch: {} }],
      big: 12345678901234567890n,
    }
    const text = JSON.stringify({ ...body, big: 0 }).replace(
      '"big":0',
      '"big":12345678901234567890',
    )
    const answer = await alice.call<object>('POST', `${CALL}?key=other&x=1`, {
      body: text,
      headers: { 'content-type': 'application/json', 'x-secret': 's' },
    })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('imageonce-reuse')).toBe('none')
    expect(answer.body).toMatchObject({ usageMetadata: textUsage, modelVersion: TEXT_MODEL })
    const [passed] = app.gemini.passing.calls
    expect(passed).toMatchObject({ apiKey: app.gemini.apiKey, body: text })
    expect(passed?.url).toBe(`/v1beta/models/${TEXT_MODEL}:generateContent?x=1`)
    expect(JSON.stringify(passed?.headers)).not.toContain(await app.token())
    expect(passed?.headers.authorization).toBeUndefined()
    expect(passed?.headers['x-secret']).toBeUndefined()
    const [call] = await findSettled('alice')
    // 1,000 tokens at $2 and 2,000 at $12 a million: the highest of the list, for a model that is not in it.
    expect(call).toMatchObject({
      costNanoUsd: 26_000_000,
      isEstimate: true,
      status: 200,
      usage: textUsage,
    })
    expect(call?.heldNanoUsd).toBeGreaterThan(26_000_000)
    expect(await findMiscounted(app.db)).toEqual([])
  })

  test('counts in the analytics and in what the owner has spent', async () => {
    const bob = await createClient(app, 'bob')
    await bob.call('POST', CALL, { body: say('hello') })
    await findSettled('bob')
    const today = new Date().toISOString().slice(0, 10)
    type Summary = { calls: number; paidCalls: number; spendUsd: number }
    const path = `/api/analytics/summary?from=${today}&to=${today}`
    const { body } = await bob.call<Summary>('GET', path)
    expect(JSON.stringify(body)).toContain('0.026')
    const { body: spending } = await bob.call<object>('GET', '/api/spending')
    expect(JSON.stringify(spending)).toContain('"spentUsd":0.026')
  })

  test('streams as it comes', async () => {
    const release = app.gemini.passing.hold()
    const client = new GoogleGenAI({
      apiKey: await app.token(),
      httpOptions: { baseUrl: `${app.url}/gemini` },
    })
    const stream = await client.models.generateContentStream({
      model: TEXT_MODEL,
      contents: 'count',
    })
    const texts: (string | undefined)[] = []
    for await (const chunk of stream) {
      texts.push(chunk.text)
      // The second is not sent before the first was read.
      release()
    }
    expect(texts).toEqual(['One ', 'two'])
  })

  test('ends when its caller hangs up, and stays booked at what it may have cost', async () => {
    const carol = await createClient(app, 'carol')
    app.gemini.passing.hold()
    const leaving = new AbortController()
    const left = carol
      .call('POST', STREAM, { body: say('never mind'), signal: leaving.signal })
      .catch((error: Error) => error.name)
    await waitFor(() => app.gemini.passing.calls.length, { what: 'the call' })
    leaving.abort()
    expect(await left).toBe('AbortError')
    await waitFor(() => app.gemini.passing.calls[0]?.isAbandoned, { what: 'the end upstream' })
    const [call] = await findSettled('carol')
    expect(call).toMatchObject({ isEstimate: true, mayHaveCharged: true })
    expect(call?.costNanoUsd).toBe(call?.heldNanoUsd)
  })

  test.each([
    ['no number', { promptTokenCount: 'many' }],
    ['below nothing', { promptTokenCount: -5, candidatesTokenCount: 7 }],
    ['beyond all reason', { promptTokenCount: 1, candidatesTokenCount: 1e300 }],
  ])('stays booked at what it may have cost where its count is %s', async (_kind, usage) => {
    const owner = `ivan ${JSON.stringify(usage)}`
    const ivan = await createClient(app, owner)
    app.gemini.passing.count(usage)
    const answer = await ivan.call('POST', CALL, { body: say('hello') })
    expect(answer.body).toMatchObject({ usageMetadata: usage })
    const [call] = await findSettled(owner)
    expect(call).toMatchObject({ isEstimate: true, costNanoUsd: call?.heldNanoUsd })
  })

  test('is not sent beyond a budget, nor while paying is stopped', async () => {
    const dave = await createClient(app, 'dave')
    const budget = '/api/budgets/owner%3Adave'
    await operator.call('PUT', budget, { body: { dailyUsd: 0.001 } })
    const poor = await dave.call<GoogleError>('POST', CALL, { body: say('hello') })
    await operator.call('DELETE', budget)
    await operator.call('POST', '/api/spending/pause')
    const paused = await dave.call<GoogleError>('POST', CALL, { body: say('hello') })
    await operator.call('POST', '/api/spending/resume')
    for (const { status, body } of [poor, paused]) {
      expect([status, body.error.status]).toEqual([429, 'RESOURCE_EXHAUSTED'])
    }
    expect(app.gemini.passing.calls).toHaveLength(0)
    expect(await findCalls('dave')).toEqual([])
  })

  test('is not sent for who has spent a budget, was erased and comes back', async () => {
    const back = await createClient(app, 'back')
    await app.db
      .insertInto('erasedBudgets')
      .values({
        ownerDigest: digestOwner('back'),
        dailyNanoUsd: 1,
        monthlyNanoUsd: null,
        ends: '2100-01-01',
      })
      .execute()
    const { status } = await back.call('POST', CALL, { body: say('hello again') })
    expect(status).toBe(429)
    expect(app.gemini.passing.calls).toHaveLength(0)
  })

  test('is refused as the provider refuses it, for nothing', async () => {
    const erin = await createClient(app, 'erin')
    const body = {
      error: { code: 429, message: 'Quota.', status: 'RESOURCE_EXHAUSTED', details: [] },
    }
    app.gemini.passing.refuse({ status: 429, body })
    const answer = await erin.call('POST', CALL, { body: say('hello') })
    expect([answer.status, answer.body]).toEqual([429, body])
    app.gemini.passing.refuse({ status: 403, body: { error: { message: 'Key suspended.' } } })
    const ofKey = await erin.call<GoogleError>('POST', CALL, { body: say('hello') })
    expect(ofKey.status).toBe(500)
    expect(ofKey.body.error.message).toContain('this server’s own key'.replace('’', "'"))
    const costs = (await findSettled('erin')).map(({ costNanoUsd }) => costNanoUsd)
    expect(costs).toEqual([0, 0])
  })

  test.each([
    ['several candidates', { generationConfig: { candidateCount: 2 } }],
    ['text alone', { generationConfig: { responseModalities: ['TEXT'] } }],
    [
      'a file of Google’s',
      { contents: [{ parts: [{ fileData: { fileUri: 'files/1', mimeType: 'image/png' } }] }] },
    ],
    [
      'sound',
      { contents: [{ parts: [{ inline_data: { mime_type: 'audio/wav', data: 'AA==' } }] }] },
    ],
    ['what Google keeps of a prompt', { cachedContent: 'cachedContents/1' }],
    ['tools', { tools: [{ functionDeclarations: [{ name: 'f' }] }] }],
  ])('is %s, of a model that makes pictures too', async (_kind, fields) => {
    const frank = await createClient(app, 'frank')
    const path = `/gemini/v1beta/models/${IMAGE_MODEL}:generateContent`
    const body = { ...say('a kite'), ...fields }
    await frank.call('POST', path, { body })
    await frank.call('POST', path, { body })
    expect(app.gemini.calls).toHaveLength(2)
    const { body: listed } = await frank.call<{ generations: unknown[] }>('GET', '/api/generations')
    expect(listed.generations).toEqual([])
  })

  test('costs nothing where it is a count or a list', async () => {
    const grace = await createClient(app, 'grace')
    const count = await grace.call('POST', CALL.replace('generateContent', 'countTokens'), {
      body: say('hello'),
    })
    expect([count.status, count.body]).toEqual([200, { totalTokens: 7 }])
    const list = await grace.call('GET', '/gemini/v1beta/models?pageSize=5&key=none')
    expect([list.status, list.body]).toEqual([200, { models: [{ name: `models/${TEXT_MODEL}` }] }])
    expect(app.gemini.passing.calls.at(-1)?.url).toBe('/v1beta/models?pageSize=5')
    const one = await grace.call('GET', `/gemini/v1beta/models/${IMAGE_MODEL}`)
    expect([one.status, one.body]).toEqual([200, { name: `models/${IMAGE_MODEL}` }])
    expect(await findCalls('grace')).toEqual([])
  })

  test('leaves with its owner, and stays in everyone’s sums', async () => {
    const heidi = await createClient(app, 'heidi')
    await heidi.call('POST', CALL, { body: say('hello') })
    const [call] = await findSettled('heidi')
    const archive = await fetch(`${app.url}/api/me/export`, {
      headers: { authorization: `Bearer ${await app.token('heidi')}` },
    })
    expect(await archive.text()).toContain(`"model": "${TEXT_MODEL}"`)
    await heidi.call('DELETE', '/api/me')
    type Receipt = { status: string; spentUsd: number }
    await waitFor(
      async () => (await heidi.call<Receipt>('GET', '/api/me/erasure')).body.status === 'done',
      { what: 'the erasure' },
    )
    expect(await findCalls('heidi')).toEqual([])
    const row = await app.db
      .selectFrom('gatewayCalls')
      .selectAll()
      .where('id', '=', call?.id ?? '')
      .executeTakeFirst()
    expect(row).toMatchObject({ ownerId: null, costNanoUsd: 26_000_000, usage: null })
  })
})

test('the record of a call goes when it is as old as calls are kept, once analytics have it', async () => {
  const old = {
    model: TEXT_MODEL,
    method: 'generateContent',
    heldNanoUsd: 1_000_000_000,
    costNanoUsd: 1_000_000_000,
  }
  const at = new Date(Date.now() - 40 * 86_400_000)
  const insert = (ownerId: string, isCounted: boolean | null) =>
    app.db
      .insertInto('gatewayCalls')
      .values({ ...old, ownerId, startedAt: at, finishedAt: at, isCounted })
      .execute()
  await insert('counted', true)
  await insert('uncounted', null)
  const keptDays = {
    ...{ events: undefined, failed: undefined, prompts: undefined, comparisons: undefined },
    ...{ unusedImages: undefined, history: undefined, calls: 30 },
  }
  const retain = () =>
    applyRetention(
      { db: app.db, keptDays, isUncounted: isToCount, deleteImage: async () => {} },
      { isApplied: true },
    )
  await retain()
  expect([await findCalls('counted'), (await findCalls('uncounted')).length]).toEqual([[], 1])
  await createFold(app.db)()
  await retain()
  expect(await findCalls('uncounted')).toEqual([])
})

test('a server that draws pictures itself makes them, and says that it can do no more', async () => {
  const local = await startTestApp({ env: { GEMINI_API_KEY: '' } })
  try {
    const client = await createClient(local)
    const path = `/gemini/v1beta/models/${IMAGE_MODEL}:generateContent`
    type Made = { candidates: { content: { parts: { inlineData: { data: string } }[] } }[] }
    const ask = () => client.call<Made>('POST', path, { body: say('a kite') })
    const first = await ask()
    const again = await ask()
    expect(first.body.candidates[0]?.content.parts[0]?.inlineData.data.length).toBeGreaterThan(100)
    expect(again.body).toEqual(first.body)
    const refused = await client.call<GoogleError>('POST', path, {
      body: { ...say('a kite'), tools: [{ googleSearch: {} }] },
    })
    expect(refused.body.error).toMatchObject({ code: 400, status: 'INVALID_ARGUMENT' })
    expect(refused.body.error.message).toContain('no key of Gemini')
    const { body } = await client.call<{ models: object[] }>('GET', '/gemini/v1/models')
    expect(body.models).toHaveLength(1)
  } finally {
    await local.stop()
  }
})
