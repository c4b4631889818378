import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { DatabaseAway } from '../../db/away.ts'
import type { GenerationRow, NewGeneration } from '../../db/schema.ts'
import { createInspectImage } from '../../src/adapters/images/inspect.ts'
import { createFilesystemStore } from '../../src/adapters/storage/filesystem.ts'
import { createSpool } from '../../src/adapters/storage/spool.ts'
import type {
  ImageStore,
  Provider,
  ProviderRequest,
  ProviderResult,
} from '../../src/generation/ports.ts'
import { createProviders } from '../../src/generation/providers.ts'
import { createFlexLane } from '../../src/generation/run/flex-lane.ts'
import { Interrupted } from '../../src/generation/run/lease.ts'
import { runGeneration } from '../../src/generation/run/run.ts'
import type { RunDeps } from '../../src/generation/run/run-deps.ts'
import {
  cancelQueuedOrRunning,
  promoteGeneration,
} from '../../src/generation/state/interventions.ts'
import { limitModel } from '../../src/generation/state/model-limits.ts'
import { listSurplus } from '../../src/generation/state/surplus.ts'
import { sealUpstreamKey } from '../../src/generation/state/upstream-keys.ts'
import { AppError, ProviderError } from '../../src/lib/errors.ts'
import { NO_BUDGETS } from '../support/budgets.ts'
import { aModel } from '../support/models.ts'
import { makePng } from '../support/pictures.ts'
import { insertImage, insertSuccess, openTestDatabase } from '../support/rows.ts'
import { aSeal } from '../support/seal.ts'
import { GIVE_UP_MS, insertStanding } from '../support/standings.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'

let database: Awaited<ReturnType<typeof openTestDatabase>>
let folder: TemporaryFolder
let png: Buffer
let calls: ProviderRequest[]
let answer: (signal: AbortSignal) => Promise<ProviderResult>

beforeAll(async () => {
  database = await openTestDatabase()
  png = await makePng()
})
afterAll(() => database.close())
beforeEach(async () => {
  folder = await makeTemporaryFolder('run')
  calls = []
  answer = async () => ({ bytes: png, costNanoUsd: 40_000_000 })
})
afterEach(() => folder.remove())

/** What a call may cost. */
const HELD_NANO_USD = 30_000_000

const provider: Provider = {
  name: 'local',
  account: 'one',
  estimateNanoUsd: () => HELD_NANO_USD,
  defaultModel: 'local',
  models: [aModel()],
  call: async (request, signal) => {
    calls.push(request)
    return answer(signal)
  },
}

const run = (id: string, given: Partial<RunDeps> = {}) =>
  runGeneration(
    {
      db: database.db,
      providers: createProviders([provider]),
      store: store(),
      spool: spool(),
      inspect: createInspectImage({ maxBytes: 1_000_000, maxPixels: 1_000_000 }),
      compare: undefined,
      workerId: 'w1',
      leaseMs: 60_000,
      retryBackoffMs: 1,
      callMs: 0,
      giveUpMs: GIVE_UP_MS,
      budgets: NO_BUDGETS,
      seal: aSeal,
      breaker: (_subject, call) => call(false),
      tiers: { eager: 'standard', bounds: {}, standardCallMs: 0 },
      flex: createFlexLane(1),
      stopping: new AbortController().signal,
      shutdown: new AbortController().signal,
      subscribe: () => () => {},
      onTrouble: () => {},
      logger: { debug: () => {}, info: () => {} },
      onStep: [],
      onRun: () => {},
      onReuse: () => {},
      ...given,
    },
    id,
  )

const store = () => createFilesystemStore({ directory: join(folder.path, 'images') })
const spool = () => createSpool({ directory: join(folder.path, 'spool') })

const HOUR_MS = 3_600_000

const none = {
  claims: 0,
  attempts: 0,
  paidCalls: 0,
  ambiguousCalls: 0,
  lostClaims: 0,
  costNanoUsd: 0,
}
const insert = (given: Partial<NewGeneration> = {}) =>
  insertStanding(database.db, 'queued', { ...none, ...given })

const read = (id: string): Promise<GenerationRow> =>
  database.db.selectFrom('generations').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

const change = (
  id: string,
  given: Partial<Pick<GenerationRow, 'fence' | 'leaseExpiresAt' | 'runAfter'>>,
) => database.db.updateTable('generations').set(given).where('id', '=', id).execute()

const listAttempts = (generationId: string) =>
  database.db
    .selectFrom('attempts')
    .select(['outcome', 'mayHaveCharged', 'costNanoUsd', 'isEstimate'])
    .where('generationId', '=', generationId)
    .orderBy('id')
    .execute()

const receipt = {
  usage: { promptTokenCount: 12, candidatesTokenCount: 1_120, anything: ['x'] },
  responseId: 'answer-1',
  priceVersion: '2026-11:1',
  basis: 'measured' as const,
}
const kept = {
  usage: receipt.usage,
  responseId: 'answer-1',
  priceVersion: '2026-11:1',
  costBasis: 'measured',
}

const listReceipts = (generationId: string) =>
  database.db
    .selectFrom('attempts')
    .select(['usage', 'responseId', 'priceVersion', 'costBasis'])
    .where('generationId', '=', generationId)
    .orderBy('id')
    .execute()

const success = { kind: 'finished', status: 'succeeded' }

test('a key of the caller’s own goes to no provider that does not take it, and is paid for with no other', async () => {
  const { id } = await insert({ upstreamAccount: 'caller:1' })
  const { provider: named } = await read(id)
  const { sealedKey: sealed } = sealUpstreamKey(aSeal, 'a key', { id, provider: named })
  await database.db.insertInto('upstreamKeys').values({ generationId: id, sealed }).execute()
  await run(id)
  expect(calls).toEqual([])
  expect(await read(id)).toMatchObject({ status: 'failed', errorCode: 'upstream_key_required' })
  expect(await listAttempts(id)).toEqual([])
})

describe('an image is bought', () => {
  test('once, with the intent in the books before and the outcome after', async () => {
    const { id, objectKey } = await insert()
    answer = async () => {
      expect(await listAttempts(id)).toEqual([
        { outcome: null, mayHaveCharged: true, costNanoUsd: HELD_NANO_USD, isEstimate: true },
      ])
      expect(await read(id)).toMatchObject({
        ...{ paidCalls: 1, ambiguousCalls: 1, attempts: 1, costNanoUsd: HELD_NANO_USD },
      })
      return { bytes: png, costNanoUsd: 40_000_000 }
    }
    expect(await run(id)).toMatchObject(success)
    expect(calls).toHaveLength(1)
    expect(await listAttempts(id)).toEqual([
      { outcome: 'image', mayHaveCharged: true, costNanoUsd: 40_000_000, isEstimate: false },
    ])
    expect(await read(id)).toMatchObject({
      ...{
        status: 'succeeded',
        imageId: id,
        costNanoUsd: 40_000_000,
        paidCalls: 1,
        ambiguousCalls: 0,
      },
    })
    expect(await store().has(objectKey)).toBe(true)
    expect(await spool().find(objectKey)).toBeUndefined()
    expect(await run(id)).toEqual({ kind: 'left' })
    expect(calls).toHaveLength(1)
  })

  test('with what was said of the call, and how its cost was found, of a failed one too', async () => {
    const { id } = await insert()
    answer = async () => {
      throw new ProviderError('timeout', 'x', { retryable: true, receipt })
    }
    await run(id)
    answer = async () => {
      throw new ProviderError('no_image', 'x', { retryable: true, costNanoUsd: 7_000_000, receipt })
    }
    await change(id, { runAfter: null })
    await run(id)
    const { id: made } = await insert()
    answer = async () => ({ bytes: png, costNanoUsd: 40_000_000, receipt })
    await run(made)
    expect(await listReceipts(made)).toEqual([kept])
    // What is an estimate was not measured.
    expect(await listReceipts(id)).toEqual([{ ...kept, costBasis: null }, kept])
  })

  test('and its bytes are on disk before anything else is done with them', async () => {
    const { id } = await insert()
    const kept = spool()
    const failing = { ...store(), put: async () => Promise.reject(new Error('no store')) }
    const shutdown = new AbortController()
    let isKept = false
    const onTrouble = async () => {
      shutdown.abort()
    }
    const inspect: RunDeps['inspect'] = async (bytes) => {
      const { objectKey } = await read(id)
      isKept = (await kept.find(objectKey)) !== undefined
      return createInspectImage({ maxBytes: 1_000_000, maxPixels: 1_000_000 })(bytes)
    }
    const outcome = await run(id, { store: failing, inspect, onTrouble, shutdown: shutdown.signal })
    expect(isKept).toBe(true)
    expect(outcome).toEqual({ kind: 'again', delayMs: 0 })
    expect(await run(id)).toMatchObject(success)
    expect(calls).toHaveLength(1)
  })

  test.each([
    ['three paid ones', { paidCalls: 3 }],
    ['two of which one is lost', { paidCalls: 2, ambiguousCalls: 1 }],
    ['six free ones', { attempts: 6 }],
  ])('never after %s', async (_name, spent) => {
    const { id } = await insert(spent)
    expect(await run(id)).toMatchObject({ status: 'failed', code: 'attempts_exhausted' })
    expect(calls).toEqual([])
  })

  test('never for an input whose workers did not survive it', async () => {
    const { id } = await insert({ lostClaims: 3 })
    expect(await run(id)).toMatchObject({ status: 'failed', code: 'worker_lost' })
    expect(calls).toEqual([])
    const { id: another } = await insert({ lostClaims: 2 })
    expect(await run(another)).toMatchObject(success)
  })

  test.each(['interactive', 'eager'] as const)(
    'never while the provider is known to be down: %s work waits',
    async (lane) => {
      const { id } = await insert({ lane })
      const down = new AppError('provider_unavailable', 'down', { retryable: true })
      const breaker = () => Promise.reject(down)
      for (let time = 0; time < 10; time++) {
        expect(await run(id, { breaker })).toMatchObject({ kind: 'again' })
      }
      expect(calls).toEqual([])
      expect(await read(id)).toMatchObject({
        ...{ status: 'queued', errorCode: 'provider_unavailable', paidCalls: 0, attempts: 0 },
        claims: 0,
      })
      expect(await run(id)).toMatchObject(success)
    },
  )

  test('never while its model is known to be limited, and by a limit of no other', async () => {
    const limited = { provider: 'local' as const, account: 'one', model: 'limited' }
    await limitModel(database.db, limited, HOUR_MS)
    const { id } = await insert({ model: 'limited', lane: 'interactive' })
    expect(await run(id)).toMatchObject({ kind: 'again' })
    expect(await read(id)).toMatchObject({ errorCode: 'rate_limited', attempts: 0, claims: 0 })
    expect(calls).toEqual([])
    for (const other of [{ model: 'another' }, { provider: 'gemini' as const }]) {
      const { id: free } = await insert({ model: 'limited', ...other })
      const providers = createProviders([provider, { ...provider, name: 'gemini' }])
      expect(await run(free, { providers })).toMatchObject(success)
    }
    const { id: ofOther } = await insert({ model: 'limited' })
    const otherKey = createProviders([{ ...provider, account: 'two' }])
    expect(await run(ofOther, { providers: otherKey })).toMatchObject(success)
  })

  test('never by a worker that has not its provider: another may, until its deadline', async () => {
    const { id } = await insert({ provider: 'openai' })
    expect(await run(id)).toMatchObject({ kind: 'again' })
    expect(await read(id)).toMatchObject({
      ...{ status: 'queued', errorCode: 'provider_unavailable', attempts: 0, claims: 0 },
    })
    expect(calls).toEqual([])
    const providers = createProviders([provider, { ...provider, name: 'openai' }])
    await change(id, { runAfter: null })
    expect(await run(id, { providers })).toMatchObject(success)
  })

  test('never by a worker that is stopping', async () => {
    const { id } = await insert()
    const stopping = AbortSignal.abort(new Interrupted('shutdown'))
    expect(await run(id, { stopping })).toEqual({ kind: 'again', delayMs: 0 })
    expect(calls).toEqual([])
    expect(await read(id)).toMatchObject({ status: 'queued', attempts: 0, claims: 0 })
  })

  test('never where the call could outlast the deadline, which ends it', async () => {
    const ahead = (ms: number) => new Date(Date.now() + ms)
    const { id } = await insert({ deadlineAt: ahead(30_000) })
    expect(await run(id, { callMs: 60_000 })).toMatchObject({
      ...{ status: 'failed', code: 'deadline_exceeded' },
    })
    expect(calls).toEqual([])
    expect(await read(id)).toMatchObject({ status: 'failed', errorRetryable: true })
    const { id: inTime } = await insert({ deadlineAt: ahead(90_000) })
    expect(await run(inTime, { callMs: 60_000 })).toMatchObject(success)
  })
})

describe('what was paid for is not bought again', () => {
  test('where an earlier attempt left it on this disk', async () => {
    const { id, objectKey } = await insert()
    await spool().write(objectKey, { bytes: png, costNanoUsd: 50_000_000, receipt })
    const attempt = { generationId: id, fence: 1, workerId: 'w0', provider: 'local' as const }
    await database.db
      .insertInto('attempts')
      .values({ ...attempt, model: 'local' })
      .execute()
    expect(await run(id)).toMatchObject(success)
    expect(calls).toEqual([])
    expect(await listReceipts(id)).toEqual([kept])
  })

  test('where an earlier attempt left it in the store, at the list price', async () => {
    const { id, objectKey } = await insert()
    await store().put(objectKey, { bytes: png, mimeType: 'image/png' })
    const attempt = { generationId: id, fence: 1, workerId: 'w0', provider: 'local' as const }
    await database.db
      .insertInto('attempts')
      .values({ ...attempt, model: 'local' })
      .execute()
    expect(await run(id)).toMatchObject(success)
    expect(calls).toEqual([])
    expect(await listAttempts(id)).toEqual([
      { outcome: 'image', mayHaveCharged: true, costNanoUsd: 30_000_000, isEstimate: true },
    ])
  })

  test('where the same request has an image, but for one that wants its own', async () => {
    const made = await insertSuccess(database.db)
    const plain = await insert({ fingerprint: made.id })
    expect(await run(plain.id)).toMatchObject({ ...success, reuse: { source: 'exact' } })
    expect(await read(plain.id)).toMatchObject({ imageId: made.id, reuseSource: 'exact' })
    expect(calls).toEqual([])
    const forced = await insert({ fingerprint: made.id, revision: '1' })
    expect(await run(forced.id)).toEqual(success)
    expect(await read(forced.id)).toMatchObject({ imageId: forced.id, reuseSource: null })
    expect(calls).toHaveLength(1)
  })

  test('but what failed, and shows the placeholder, is no image to reuse', async () => {
    const failed = await insertStanding(database.db, 'failed', { errorCode: 'no_image' })
    const placeholder = { imageType: 'placeholder' as const, objectKey: 'placeholder/1' }
    await insertImage(database.db, { id: failed.id, ...placeholder })
    const { id } = await insert({ fingerprint: failed.fingerprint })
    expect(await run(id)).toEqual(success)
    expect(await read(id)).toMatchObject({ imageId: id, reuseSource: null })
  })

  test('and nothing is compared once it was paid for, or where its own image is wanted', async () => {
    const compare = async () => {
      throw new Error('compared')
    }
    for (const given of [{ paidCalls: 1 }, { revision: '1' }]) {
      const { id } = await insert(given)
      expect(await run(id, { compare })).toEqual(success)
    }
  })
})

describe('a call that ends without an image is in the books', () => {
  const free = { mayHaveCharged: false, costNanoUsd: 0, paidCalls: 0, ambiguousCalls: 0 }
  const charged = {
    mayHaveCharged: true,
    costNanoUsd: HELD_NANO_USD,
    paidCalls: 1,
    ambiguousCalls: 0,
  }
  const lost = { mayHaveCharged: true, costNanoUsd: HELD_NANO_USD, paidCalls: 1, ambiguousCalls: 1 }

  test.each<[string, Error, typeof free, object]>([
    ['overloaded', new ProviderError('overloaded', 'x'), free, { kind: 'again' }],
    ['timeout', new ProviderError('timeout', 'x'), lost, { kind: 'again' }],
    ['ambiguous', new ProviderError('ambiguous', 'x'), lost, { kind: 'again' }],
    ['no_image', new ProviderError('no_image', 'x'), charged, { status: 'failed' }],
    [
      'no_image',
      new ProviderError('no_image', 'x', { costNanoUsd: 7_000_000 }),
      { ...charged, costNanoUsd: 7_000_000 },
      { status: 'failed' },
    ],
    ['refused_prompt', new ProviderError('refused_prompt', 'x'), free, { status: 'failed' }],
    // Nobody knows what it did.
    ['interrupted', new TypeError('a bug'), lost, { kind: 'again' }],
  ])('%s', async (outcome, error, { mayHaveCharged, costNanoUsd, ...counts }, result) => {
    const { id } = await insert()
    answer = async () => {
      throw error
    }
    expect(await run(id)).toMatchObject(result)
    const isEstimate = costNanoUsd === HELD_NANO_USD
    expect(await listAttempts(id)).toEqual([{ outcome, mayHaveCharged, costNanoUsd, isEstimate }])
    expect(await read(id)).toMatchObject({ ...counts, costNanoUsd, attempts: 1 })
  })

  test('at what it may have cost, and against no cap, where a stop lets it go', async () => {
    const { id } = await insert()
    for (let stops = 1; stops <= 4; stops++) {
      const shutdown = new AbortController()
      answer = (signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
          shutdown.abort()
        })
      expect(await run(id, { shutdown: shutdown.signal })).toEqual({ kind: 'again', delayMs: 0 })
      expect(await read(id)).toMatchObject({
        ...{ status: 'queued', paidCalls: 0, ambiguousCalls: 0, attempts: 0, claims: 0 },
        costNanoUsd: stops * HELD_NANO_USD,
      })
    }
    const cut = {
      outcome: 'interrupted',
      mayHaveCharged: true,
      costNanoUsd: HELD_NANO_USD,
      isEstimate: true,
    }
    expect(await listAttempts(id)).toEqual([cut, cut, cut, cut])
    answer = async () => ({ bytes: png, costNanoUsd: 40_000_000 })
    expect(await run(id)).toMatchObject(success)
  })

  test('at nothing where it was let go before it was sent', async () => {
    const { id } = await insert()
    const shutdown = new AbortController()
    const onStep = [(_id: string, step: string) => step === 'intent_recorded' && shutdown.abort()]
    expect(await run(id, { onStep, shutdown: shutdown.signal })).toEqual({
      kind: 'again',
      delayMs: 0,
    })
    expect(calls).toEqual([])
    expect(await listAttempts(id)).toEqual([
      { outcome: 'interrupted', mayHaveCharged: false, costNanoUsd: 0, isEstimate: false },
    ])
    expect(await read(id)).toMatchObject({
      paidCalls: 0,
      ambiguousCalls: 0,
      attempts: 0,
      costNanoUsd: 0,
    })
  })

  test('and against no cap where it only tried whether the model is back', async () => {
    const { id } = await insert()
    answer = async () => {
      throw new ProviderError('overloaded', 'x', { retryable: true })
    }
    for (let tries = 0; tries < 8; tries++) {
      expect(await run(id, { breaker: (_, call) => call(true) })).toMatchObject({ kind: 'again' })
      await change(id, { runAfter: null })
    }
    expect(calls).toHaveLength(8)
    expect(await read(id)).toMatchObject({ attempts: 0, paidCalls: 0, costNanoUsd: 0 })
  })

  test('and the limit that it met holds for its model: for nobody an hour, for a person a minute', async () => {
    const person = () => insert({ model: 'busy', lane: 'interactive' })
    const nobody = () => insert({ model: 'busy', lane: 'eager' })
    answer = async () => {
      throw new ProviderError('rate_limited', 'x', { retryAfterMs: 7_200_000, retryable: true })
    }
    // A millisecond off: Postgres rounds, JavaScript cuts.
    const inAMinute = { kind: 'again', delayMs: expect.closeTo(60_000, -1) }
    const inAnHour = { kind: 'again', delayMs: expect.closeTo(HOUR_MS, -1) }
    expect(await run((await person()).id)).toEqual(inAMinute)
    expect(await run((await person()).id)).toMatchObject({ kind: 'again' })
    expect(await run((await nobody()).id)).toEqual(inAnHour)
    expect(calls).toHaveLength(1)
    await database.db
      .updateTable('modelLimits')
      .set({ limitedAt: sql<Date>`limited_at - interval '61 s'` })
      .where('model', '=', 'busy')
      .execute()
    expect(await run((await nobody()).id)).toMatchObject({ kind: 'again' })
    expect(calls).toHaveLength(1)
    // A minute later a person's is tried, and lifts the limit for all.
    answer = async () => ({ bytes: png, costNanoUsd: 40_000_000 })
    expect(await run((await person()).id)).toEqual(success)
    expect(await run((await nobody()).id)).toEqual(success)
  })

  test('and it holds up nothing that a person came to want since it was met', async () => {
    const model = 'met before'
    await limitModel(database.db, { provider: 'local', account: 'one', model }, HOUR_MS)
    const { id } = await insert({ model, lane: 'eager' })
    await promoteGeneration(database.db, id, GIVE_UP_MS.interactive)
    expect(await run(id)).toEqual(success)
  })

  test.each([
    ['text', () => Buffer.from('no image')],
    ['half a png', () => png.subarray(0, png.length / 2)],
  ])('and so is one whose bytes are %s, which are no image but kept', async (_name, make) => {
    const { id, objectKey } = await insert()
    answer = async () => ({ bytes: make(), costNanoUsd: 40_000_000 })
    expect(await run(id)).toMatchObject({ status: 'failed', code: 'no_image' })
    expect(await read(id)).toMatchObject({ paidCalls: 1, costNanoUsd: 40_000_000, imageId: null })
    await mkdir(join(folder.path, 'images'), { recursive: true })
    expect(await store().has(objectKey)).toBe(false)
    expect(await spool().find(objectKey)).toBeUndefined()
    expect(await listSurplus(database.db, id)).toMatchObject([{ kind: 'unreadable' }])
  })
})

describe('what came besides the image', () => {
  const all = async () => ({
    bytes: png,
    others: [await makePng('#778899'), HALF],
    costNanoUsd: 80_000_000,
  })
  const HALF = Buffer.from('half of something')
  const kindsOf = async (id: string) =>
    (await listSurplus(database.db, id)).map(({ kind }) => kind).sort()

  test('waits with it for a store that is away, and is not bought again', async () => {
    const { id, objectKey } = await insert()
    answer = all
    const shutdown = new AbortController()
    const failing = { ...store(), put: async () => Promise.reject(new Error('no store')) }
    const onTrouble = () => shutdown.abort()
    const away = { store: failing, onTrouble, shutdown: shutdown.signal }
    expect(await run(id, away)).toEqual({ kind: 'again', delayMs: 0 })
    expect(await spool().find(objectKey)).toMatchObject({ others: [expect.anything(), HALF] })
    expect(await run(id)).toEqual(success)
    expect(calls).toHaveLength(1)
    expect(await kindsOf(id)).toEqual(['picture', 'unreadable'])
    expect(await spool().find(objectKey)).toBeUndefined()
    expect(await readdir(join(folder.path, 'spool'))).toEqual([])
  })

  test('is kept once, however often the work on it is cut short', async () => {
    const { id, objectKey } = await insert()
    answer = all
    const cut = (at: string): ImageStore => ({
      ...store(),
      put: async (key, image) => {
        if (key.startsWith(at)) throw new DatabaseAway()
        return store().put(key, image)
      },
    })
    for (const at of ['generated', 'surplus']) {
      const shutdown = new AbortController()
      const away = { store: cut(at), onTrouble: () => shutdown.abort(), shutdown: shutdown.signal }
      expect(await run(id, away)).toEqual({ kind: 'again', delayMs: 0 })
    }
    expect(await run(id)).toEqual(success)
    expect(calls).toHaveLength(1)
    expect(await kindsOf(id)).toEqual(['picture', 'unreadable'])
    expect(await store().has(objectKey)).toBe(true)
  })
})

describe('a claim that is lost', () => {
  test('ends the call, and changes nothing any more', async () => {
    const { id } = await insert()
    let look = () => {}
    answer = async (signal) => {
      await cancelQueuedOrRunning(database.db, id, new AppError('canceled', 'canceled'))
      look()
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    }
    const subscribe: RunDeps['subscribe'] = (_id, listener) => {
      look = listener
      return () => {}
    }
    expect(await run(id, { subscribe })).toEqual({ kind: 'left' })
    expect(await read(id)).toMatchObject({ status: 'canceled', imageId: null, paidCalls: 1 })
    expect(await listAttempts(id)).toMatchObject([
      {
        outcome: 'interrupted',
        mayHaveCharged: true,
        costNanoUsd: HELD_NANO_USD,
        isEstimate: true,
      },
    ])
  })

  test('leaves what was paid for where the next claim finds it', async () => {
    const { id, objectKey } = await insert()
    answer = async () => {
      await change(id, { fence: 99 })
      return { bytes: png, costNanoUsd: 40_000_000 }
    }
    expect(await run(id)).toEqual({ kind: 'left' })
    expect(await store().has(objectKey)).toBe(true)
    expect(await read(id)).toMatchObject({ status: 'running', costNanoUsd: 40_000_000 })
    await change(id, { leaseExpiresAt: new Date(0) })
    expect(await run(id)).toEqual(success)
    expect(calls).toHaveLength(1)
  })
})

test('a disk that takes nothing is no reason to lose what was paid for', async () => {
  await writeFile(join(folder.path, 'spool'), 'in the way of the folder')
  const { id } = await insert()
  expect(await run(id)).toEqual(success)
  expect(calls).toHaveLength(1)
})

test('what another attempt stored at the same place counts, and not what came later', async () => {
  const { id, objectKey } = await insert()
  const first = await makePng('#ff0000', 16)
  answer = async () => {
    await store().put(objectKey, { bytes: first, mimeType: 'image/png' })
    return { bytes: png, costNanoUsd: 40_000_000 }
  }
  expect(await run(id)).toEqual(success)
  const image = await database.db
    .selectFrom('imageMetadata')
    .select(['width', 'sizeBytes'])
    .where('id', '=', id)
    .executeTakeFirst()
  expect(image).toEqual({ width: 16, sizeBytes: first.length })
})
