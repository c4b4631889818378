import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { createImageonceClient } from '../../src/client.ts'
import { createOlderId } from '../../src/contract/identity.ts'
import type { Key } from '../../src/contract/key.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { digestRows, explain, explainAll } from '../support/explain.ts'
import { createHolds } from '../support/held.ts'
import { findObjects, uploadImage } from '../support/images.ts'
import { makePng } from '../support/pictures.ts'
import { highRates } from '../support/rates.ts'
import { insertSuccess } from '../support/rows.ts'
import { waitFor } from '../support/wait-for.ts'

/** What the stand-in’s images at 1K cost. */
const COST_USD = 0.033618
/** The same bicycle. */
const [BICYCLE, SAME] = [
  'Studio photo of a red bicycle in front of a white wall',
  'A red bicycle against a white wall, studio photo',
]
const MAX_IN_FLIGHT = 3

let app: TestApp
let alice: Client
let operator: Client
let holds: ReturnType<typeof createHolds>
let owners = 0

beforeAll(async () => {
  app = await startTestApp({
    env: {
      EMBEDDING_SOURCE: 'local',
      SIMILARITY_MODE: 'off',
      REFUSAL_TTL_MS: '600000',
      OWNER_MAX_IN_FLIGHT: String(MAX_IN_FLIGHT),
      SWEEP_INTERVAL_MS: '200',
    },
  })
  operator = await createClient(app, 'ops', true)
  holds = createHolds(app.gemini)
})
afterAll(() => app.stop())
afterEach(() => holds.release())

const newOwner = () => createClient(app, `alice-${++owners}`)

beforeAll(async () => {
  alice = await newOwner()
})

const listIds = async (client: Client) => {
  const { body } = await client.call<{ generations: { id: string }[] }>('GET', '/api/generations')
  return body.generations
}

const setBudget = (scope: string, body: object) =>
  operator.call('PUT', `/api/budgets/${encodeURIComponent(scope)}`, { body })

const makeKey = async (input: object) => {
  const body = { name: 'a test’s', ownerId: `alice-${owners}`, ...input }
  const { body: key, status } = await operator.call<Key>('POST', '/api/keys', { body })
  expect(status).toBe(201)
  const client = await createClient({ url: app.url, token: async () => key.key ?? '' })
  return { id: key.id, client }
}

describe('a request is explained', () => {
  test('that would be bought: by what, for how much, and what is left', async () => {
    const first = await explain(alice, { prompt: 'a lamp' })
    expect(first).toMatchObject({ would: 'buy', queuePosition: 1, limits: [] })
    expect(first.price.atMostUsd).toBeGreaterThanOrEqual(first.price.expectedUsd)
    const { body } = await alice.generateAndWait({ prompt: 'a lamp' })
    expect(body).toMatchObject({ id: first.id, isExisting: false })
    const next = await waitFor(
      async () => {
        const explained = await explain(alice, { prompt: 'another lamp' })
        return explained.price.basis === 'calls' && explained
      },
      { what: 'the call to be known' },
    )
    expect(next.price.expectedUsd).toBeCloseTo(COST_USD, 5)
    expect(next.expectedUsd).toBe(next.price.expectedUsd)
    const { waitMs = -1, makeMs = 0, totalMs } = next.expected ?? {}
    expect([waitMs, totalMs]).toEqual([0, makeMs])
    expect(makeMs).toBeGreaterThan(0)
  })

  test('whose image exists, and that is under way', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a chair' })
    const exact = await explain(alice, { prompt: ' a  chair' })
    expect(exact).toMatchObject({ would: 'reuse', id: body.id, expectedUsd: 0, atMostUsd: 0 })
    expect(exact.from).toMatchObject({
      ...{ source: 'exact', generationId: body.id, imageUrl: body.imageUrl, prompt: 'a chair' },
      ...{ savedUsd: body.costUsd, status: 'succeeded', finishedAt: body.finishedAt },
    })
    const held = await holds.start(alice, 'a slow chair')
    const joined = await explain(alice, { prompt: 'a slow chair' })
    expect(joined).toMatchObject({ would: 'join', id: held.id, price: { basis: 'free' } })
    expect(joined.from).toMatchObject({ source: 'joined', status: 'running' })
    held.open()
    await alice.waitForEnd(held.id)
  })

  test('of one owner by nothing of another’s', async () => {
    await alice.generateAndWait({ prompt: 'a table' })
    const bob = await createClient(app, 'bob')
    expect(await explain(bob, { prompt: 'a table' })).toMatchObject({ would: 'buy' })
    const { from } = await explain(alice, { prompt: 'a table' })
    const named = await explain(bob, { prompt: 'x', conditionImage: from?.generationId })
    expect(named).toMatchObject({ would: 'refuse', reason: { pointer: '/conditionImage' } })
  })

  test('that is forced, or comes with a key of the client’s', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a bed' })
    const forced = { prompt: 'a bed', skipExistingCheck: true }
    const explained = await explain(alice, forced)
    expect(explained).toMatchObject({ would: 'buy', fingerprint: body.id })
    expect(explained.id).toBeUndefined()
    const key = { 'Idempotency-Key': `bed-${owners}` }
    const { id } = await explain(alice, forced, key)
    const made = await alice.generateAndWait(forced, key)
    expect(made.body.id).toBe(id)
    expect(await explain(alice, forced, key)).toMatchObject({ would: 'reuse', id })
    const other = await explain(alice, { prompt: 'a sofa' }, key)
    expect(other).toMatchObject({
      would: 'refuse',
      reason: { code: 'idempotency_key_reused', pointer: 'Idempotency-Key' },
    })
  })

  test('that was canceled, or whose image was deleted, would be bought again', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a shelf' })
    await alice.call('DELETE', `/api/images/${body.id}`)
    expect(await explain(alice, { prompt: 'a shelf' })).toMatchObject({ would: 'buy', id: body.id })
    const held = await holds.start(alice, 'a canceled shelf')
    await alice.call('POST', `/api/generations/${held.id}/cancel`)
    const canceled = await explain(alice, { prompt: 'a canceled shelf' })
    expect(canceled).toMatchObject({ would: 'buy', id: held.id })
  })

  test('that a release up to 0.1 has made under another id is reused', async () => {
    const prompt = 'a ﬁne desk'
    const { model, provider } = (await alice.generateAndWait({ prompt: 'a desk' })).body
    const id = await createOlderId({ owner: `alice-${owners}`, prompt, provider, model })
    const given = { id, ownerId: `alice-${owners}`, prompt: 'a fine desk', provider, model }
    await insertSuccess(app.db, { ...given, isPromptAsWritten: false })
    expect(await explain(alice, { prompt })).toMatchObject({ would: 'reuse', id })
    expect((await alice.generate({ prompt })).body.id).toBe(id)
  })

  test('for several pictures: each by itself, and what they cost together', async () => {
    const client = await newOwner()
    const ask = (n: number) =>
      client.call<{ generations: { id: string }[] }>('POST', '/api/visualize/generate', {
        body: { prompt: 'a pair of shoes', n },
      })
    await ask(2)
    for (const { id } of await listIds(client)) await client.waitForEnd(id)
    const wanted = { prompt: 'a pair of shoes', n: 3 }
    const { images, expectedUsd, atMostUsd } = await explainAll(client, wanted)
    expect(images.map(({ would }) => would)).toEqual(['reuse', 'reuse', 'buy'])
    expect(images.map(({ queuePosition }) => queuePosition)).toEqual([undefined, undefined, 1])
    expect([expectedUsd, atMostUsd]).toEqual([
      images[2]?.price.expectedUsd,
      images[2]?.price.atMostUsd,
    ])
    const { body: made } = await ask(3)
    expect(made.generations.map(({ id }) => id)).toEqual(images.map(({ id }) => id))
    for (const { id } of made.generations) await client.waitForEnd(id)
    await setBudget(`owner:alice-${owners}`, { dailyUsd: 0.13 })
    const tooMuch = await explainAll(client, { prompt: 'many pairs', n: 3 })
    expect(tooMuch.images.map(({ would }) => would)).toEqual(['refuse', 'refuse', 'refuse'])
    await setBudget(`owner:alice-${owners}`, { dailyUsd: 0.2 })
    const some = await explainAll(client, { prompt: 'many pairs', n: 3 })
    expect(some.images.map(({ would }) => would)).toEqual(['buy', 'buy', 'refuse'])
    expect(some.limits).toMatchObject([{ scope: 'owner', isEnough: false }])
  })

  test('by the client, in its words', async () => {
    const client = createImageonceClient({
      baseUrl: app.url,
      token: alice.authorization.slice(7),
      telemetry: false,
    })
    const { images } = await client.explain({ prompt: 'a stool' })
    expect(images).toMatchObject([{ would: 'buy' }])
    await expect(client.explain({ prompt: '' })).rejects.toMatchObject({ code: 'invalid_request' })
  })
})

describe('what would refuse a request is told', () => {
  const refuse = async (client: Client, body: object, code: string, pointer?: string) => {
    const explained = await explain(client, body)
    expect(explained).toMatchObject({ would: 'refuse', expectedUsd: 0, reason: { code } })
    expect(explained.reason?.pointer).toBe(pointer)
    return explained
  }

  test('what the server does not make, or the caller may not ask for', async () => {
    await refuse(alice, { prompt: 'x', model: 'no-such' }, 'invalid_request', '/model')
    const small = { prompt: 'x', model: 'gemini-3.1-flash-lite-image', imageSize: '4K' }
    await refuse(alice, small, 'invalid_request', '/imageSize')
    const { client } = await makeKey({ sizes: ['1K'] })
    await refuse(client, { prompt: 'x', imageSize: '2K' }, 'refused_by_policy', '/imageSize')
    const picture = `data:image/png;base64,${Buffer.from('no picture').toString('base64')}`
    const wrong = { prompt: 'x', conditionImage: picture }
    await refuse(alice, wrong, 'invalid_image', '/conditionImage')
  })

  test('what the model has refused a short while ago, with what came of it', async () => {
    app.gemini.behave({ kind: 'prompt_blocked' })
    const { body } = await alice.generateAndWait({ prompt: 'a refused lamp' })
    app.gemini.behave({ kind: 'image' })
    const { from } = await refuse(alice, { prompt: 'a refused lamp' }, 'refused_prompt')
    expect(from).toMatchObject({ generationId: body.id, status: 'failed', savedUsd: 0 })
  })

  test('as many in flight as an owner may have', async () => {
    const client = await newOwner()
    const open = holds.hold()
    for (let n = 0; n < MAX_IN_FLIGHT; n++) await client.generate({ prompt: `one of many, ${n}` })
    await refuse(client, { prompt: 'one too many' }, 'too_many_queued')
    expect(await explain(client, { prompt: 'one of many, 1' })).toMatchObject({ would: 'join' })
    open()
  })

  test('a wrong body is an error, as it is where the image is asked for', async () => {
    const { status, body } = await alice.fail('POST', '/api/visualize/explain', { body: {} })
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_request' })
  })
})

describe('limits to what is spent', () => {
  test('of the caller’s own are told with figures, and others’ without', async () => {
    const client = await newOwner()
    const owner = `alice-${owners}`
    const { id, client: byKey } = await makeKey({ dailyUsd: 0.5 })
    await setBudget(`owner:${owner}`, { monthlyUsd: 1 })
    await setBudget('prefix:alice-', { dailyUsd: 100 })
    await client.generateAndWait({ prompt: 'a bowl' })
    const { limits } = await explain(byKey, { prompt: 'a cup' })
    const of = (wanted: string) => limits.filter(({ scope }) => scope === wanted)
    expect(of('key')).toMatchObject([{ period: 'day', limitUsd: 0.5, leftUsd: 0.5 }])
    expect(of('owner')).toMatchObject([{ period: 'month', limitUsd: 1, isEnough: true }])
    expect(of('owner')[0]?.leftUsd).toBeCloseTo(1 - COST_USD, 5)
    const [prefix] = of('prefix')
    expect(Object.keys(prefix ?? {}).sort()).toEqual(['isEnough', 'period', 'resetsAt', 'scope'])
    expect(JSON.stringify(limits)).not.toContain(id)
    await operator.call('DELETE', `/api/budgets/${encodeURIComponent('prefix:alice-')}`)
  })

  test('that are spent refuse a person, and let what is asked ahead wait', async () => {
    const client = await newOwner()
    const { body } = await client.generateAndWait({ prompt: 'a vase' })
    await setBudget(`owner:alice-${owners}`, { dailyUsd: 0.05 })
    const wanted = { prompt: 'another vase' }
    const stopped = await explain(client, wanted)
    expect(stopped).toMatchObject({ would: 'refuse', reason: { code: 'budget_exceeded' } })
    expect(stopped.limits).toMatchObject([{ scope: 'owner', isEnough: false }])
    expect(stopped.reason?.retryAt).toBe(stopped.limits[0]?.resetsAt)
    const { status, body: problem } = await client.fail('POST', '/api/visualize/generate', {
      body: wanted,
    })
    expect([status, problem.code, problem.detail]).toEqual([
      429,
      'budget_exceeded',
      stopped.reason?.message,
    ])
    const eager = await explain(client, { ...wanted, lane: 'eager' })
    expect(eager).toMatchObject({ would: 'wait', reason: { code: 'budget_exceeded' } })
    expect(eager.price.expectedUsd).toBeGreaterThan(0)
    expect(await explain(client, { prompt: 'a vase' })).toMatchObject({
      would: 'reuse',
      id: body.id,
    })
  })

  test('and the switch that stops all paying', async () => {
    await operator.call('POST', '/api/spending/pause')
    try {
      expect(await explain(alice, { prompt: 'a jug' })).toMatchObject({
        would: 'refuse',
        reason: { code: 'spending_paused' },
      })
      const eager = await explain(alice, { prompt: 'a jug', lane: 'eager' })
      expect(eager).toMatchObject({ would: 'wait', reason: { code: 'spending_paused' } })
    } finally {
      await operator.call('POST', '/api/spending/resume')
    }
    expect(await explain(alice, { prompt: 'a jug' })).toMatchObject({ would: 'buy' })
  })
})

test('a model that takes no calls for a while is waited for', async () => {
  const { model } = (await alice.generateAndWait({ prompt: 'a pan' })).body
  app.gemini.behave({ kind: 'rate_limited', retryDelay: '600s' })
  const { body } = await alice.generate({ prompt: 'a pot' })
  await waitFor(
    async () => (await explain(alice, { prompt: 'a kettle' })).would === 'wait' || undefined,
    { what: 'the limit to be known' },
  )
  const explained = await explain(alice, { prompt: 'a kettle' })
  expect(explained.reason).toMatchObject({ code: 'rate_limited', retryable: true })
  app.gemini.behave({ kind: 'image' })
  await alice.call('POST', `/api/generations/${body.id}/cancel`)
  await app.db.deleteFrom('modelLimits').where('model', '=', model).execute()
})

describe('similar images', () => {
  test('that would answer are what is reused; else they are named with what tells them apart', async () => {
    const client = await newOwner()
    const { body } = await client.generateAndWait({ prompt: BICYCLE, similarity: 'suggest' })
    const named = await explain(client, { prompt: SAME, similarity: 'suggest' })
    expect(named).toMatchObject({ would: 'buy', comparison: { mode: 'suggest', isCompared: true } })
    expect(named.comparison?.similar).toMatchObject([
      { generationId: body.id, prompt: BICYCLE, passes: true, reasons: [] },
    ])
    const off = await explain(client, { prompt: SAME, similarity: 'off' })
    expect(off.comparison).toBeUndefined()
    const reuse = { prompt: SAME, similarity: 'reuse' }
    const explained = await explain(client, reuse)
    expect(explained).toMatchObject({ would: 'reuse', expectedUsd: 0 })
    expect(explained.from).toMatchObject({ source: 'similar', generationId: body.id })
    const calls = app.gemini.countCalls()
    const made = await client.generateAndWait(reuse)
    expect(made.body).toMatchObject({ id: explained.id, reuse: { source: 'similar' } })
    expect(made.body.reuse?.similarity).toBe(explained.from?.similarity)
    expect(app.gemini.countCalls()).toBe(calls)
    const declined = await explain(client, { prompt: SAME, declineSimilar: true })
    expect(declined).toMatchObject({ would: 'buy' })
    const own = await client.generateAndWait({ prompt: SAME, declineSimilar: true })
    expect(own.body.id).toBe(declined.id)
    const again = await explain(client, { prompt: SAME, declineSimilar: true })
    expect(again).toMatchObject({ would: 'reuse', id: own.body.id })
  })
})

describe('a condition image that is not stored', () => {
  test('is recognised as one that is, in whatever file it comes, and not stored', async () => {
    const client = await newOwner()
    const png = await sharp(await makePng('#336699', 24))
      .composite([{ input: await makePng('#cc3300', 9), left: 3, top: 5 }])
      .png()
      .toBuffer()
    const { body: image } = await uploadImage(client, png)
    const { body } = await client.generateAndWait({ prompt: 'on it', conditionImage: image.id })
    const objects = await findObjects(app)
    const webp = await sharp(png).webp({ lossless: true }).toBuffer()
    for (const conditionImage of [
      image.id,
      png.toString('base64'),
      `data:image/webp;name=x.webp;base64,${webp.toString('base64url')}`,
    ]) {
      const explained = await explain(client, { prompt: 'on it', conditionImage })
      expect(explained).toMatchObject({ would: 'reuse', id: body.id })
    }
    const other = await makePng('#abcdef', 24)
    const wanted = { prompt: 'on it', conditionImage: other.toString('base64') }
    const { id, would } = await explain(client, wanted)
    expect(would).toBe('buy')
    expect(await findObjects(app)).toEqual(objects)
    expect((await client.generateAndWait(wanted)).body.id).toBe(id)
  })
})

describe('nothing', () => {
  test('is written, stored, bought or put in the queue', async () => {
    const quiet = await startTestApp({
      workers: 0,
      env: { EMBEDDING_SOURCE: 'gemini', SIMILARITY_MODE: 'reuse' },
    })
    try {
      const client = await createClient(quiet)
      await client.generate({ prompt: 'the first' })
      const before = [await digestRows(quiet.db), await findObjects(quiet)]
      const conditionImage = (await makePng('#123456', 30)).toString('base64')
      for (const body of [
        { prompt: 'the first' },
        { prompt: 'the second' },
        { prompt: 'the second', lane: 'eager' },
        { prompt: 'the second', conditionImage, transformation: 'enhance' },
        { prompt: 'the first', skipExistingCheck: true },
        { prompt: 'the first', declineSimilar: true },
      ]) {
        for (const headers of [{}, { 'Idempotency-Key': 'mine' }]) {
          await explainAll(client, body, headers)
        }
      }
      const unknown = await explain(client, { prompt: 'the second' })
      // Its embedding would have to be bought before anybody could know.
      expect(unknown).toMatchObject({ would: 'buy', comparison: { isCompared: false } })
      expect(await explain(await createClient(quiet, 'nobody yet'), { prompt: 'x' })).toMatchObject(
        {
          would: 'buy',
        },
      )
      expect([await digestRows(quiet.db), await findObjects(quiet)]).toEqual(before)
      expect(quiet.gemini.embeddings.calls.length).toBe(0)
      expect(quiet.gemini.countCalls()).toBe(0)
    } finally {
      await quiet.stop()
    }
  })
})

test('who may explain, and how often', async () => {
  const reading = await makeKey({ scopes: ['read'] })
  const { status } = await reading.client.call('POST', '/api/visualize/explain', {
    body: { prompt: 'x' },
  })
  expect(status).toBe(403)
  const RATE_LIMITS = `${highRates('explain', 'new')},explain=3,new=1`
  const strict = await startTestApp({ workers: 0, env: { RATE_LIMITS } })
  try {
    const client = await createClient(strict)
    expect(await explain(client, { prompt: 'x' })).toMatchObject({ would: 'buy' })
    await client.generate({ prompt: 'y' })
    expect(await explain(client, { prompt: 'x' })).toMatchObject({
      would: 'refuse',
      reason: { code: 'rate_limited' },
    })
    expect(await explain(client, { prompt: 'y' })).toMatchObject({ would: 'join' })
    const refused = await client.fail('POST', '/api/visualize/explain', { body: { prompt: 'x' } })
    expect(refused.status).toBe(429)
    expect(refused.headers.get('ratelimit')).toContain('"explain"')
  } finally {
    await strict.stop()
  }
})
