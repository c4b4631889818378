import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { builtInPrices } from '../../src/adapters/providers/price-table.ts'
import { createGeminiEmbedder } from '../../src/features/similarity/embeddings/gemini.ts'
import { maintainEmbeddings } from '../../src/features/similarity/maintenance.ts'
import { createGetPromptEmbedding } from '../../src/features/similarity/prompt-embedding.ts'
import { withdrawImage } from '../../src/generation/state/interventions.ts'
import { AppError, EmbeddingError } from '../../src/lib/errors.ts'
import { startTestApp } from '../support/app.ts'
import { type GeminiServer, startGeminiServer } from '../support/gemini-server.ts'
import { insertGeneration, insertSuccess, openTestDatabase } from '../support/rows.ts'
import { waitFor } from '../support/wait-for.ts'

let database: Awaited<ReturnType<typeof openTestDatabase>>
let gemini: GeminiServer
const { signal } = new AbortController()

beforeAll(async () => {
  database = await openTestDatabase()
  gemini = await startGeminiServer()
})
beforeEach(async () => {
  gemini.reset()
  const { db } = database
  for (const table of ['promptEmbeddings', 'ownerSimilarity'] as const) {
    await db.deleteFrom(table).execute()
  }
  await db.deleteFrom('generations').execute()
  await db.deleteFrom('imageMetadata').execute()
})
afterAll(async () => {
  await gemini.close()
  await database.close()
})

const open = (model: string) =>
  createGeminiEmbedder({
    ...{ apiKey: gemini.apiKey, baseUrl: gemini.url, model, dimensions: 64 },
    prices: builtInPrices,
  })

const tend = (model: string, defaultMode: 'off' | 'suggest' = 'suggest', stop = signal) =>
  maintainEmbeddings({ db: database.db, embedder: open(model), defaultMode }, stop)

const listVectors = async () => {
  const rows = await database.db
    .selectFrom('promptEmbeddings')
    .select(['fingerprint', 'model'])
    .orderBy('fingerprint')
    .orderBy('model')
    .execute()
  return rows.map(({ fingerprint, model }) => `${fingerprint} ${model}`)
}

const age = (days: number) =>
  sql`update prompt_embeddings set created_at = now() - ${days} * interval '1 day'`.execute(
    database.db,
  )

const insertPictures = (count: number) =>
  Promise.all(
    Array.from({ length: count }, (_, i) => insertSuccess(database.db, { prompt: `picture ${i}` })),
  )

test('a change of the model embeds every image anew, each prompt once, and then drops the old vectors', async () => {
  const { db } = database
  const pictures = await insertPictures(45)
  // What has the same fingerprint, prompt or image as another.
  await insertSuccess(db, {
    fingerprint: pictures[0]?.id ?? '',
    prompt: 'picture 0',
    revision: '1',
  })
  const imageId = pictures[0]?.id ?? ''
  await insertGeneration(db, { status: 'succeeded', imageId, prompt: 'reused' })
  await insertGeneration(db, { status: 'failed', prompt: 'failed' })
  expect(await tend('old')).toMatchObject({ added: 45, deleted: 0 })
  const dark = await insertSuccess(db, { variant: 'dark', prompt: 'picture 1' })
  const fingerprints = [...pictures, dark].map(({ id }) => id).sort()
  expect(await tend('old')).toEqual({ added: 1, costUsd: 0, deleted: 0 })
  await age(8)
  expect(await tend('old')).toEqual({ added: 0, costUsd: 0, deleted: 0 })
  const { costUsd, ...counts } = await tend('new')
  expect(counts).toEqual({ added: 46, deleted: 46 })
  expect(costUsd).toBeGreaterThan(45 * 1e-7)
  expect(await listVectors()).toEqual(fingerprints.map((id) => `${id} new@64`))
  expect(gemini.embeddings.calls.flatMap(({ texts }) => texts)).toHaveLength(2 * 45)

  // Now as a worker would ask for it.
  const get = createGetPromptEmbedding({ db, embedder: open('new') })
  const [first] = pictures
  const asked = { fingerprint: first?.id ?? '', ownerId: 'alice', scope: '', prompt: 'picture 0' }
  expect(await get(asked, signal)).toMatchObject({ costNanoUsd: 0 })
})

test('while both models are in use, neither loses its vectors', async () => {
  const [picture] = await insertPictures(1)
  await tend('old')
  await age(6)
  expect(await tend('new')).toMatchObject({ added: 1, deleted: 0 })
  expect(await tend('old')).toMatchObject({ added: 0, deleted: 0 })
  expect(await listVectors()).toEqual([`${picture?.id} new@64`, `${picture?.id} old@64`])
})

test('a deleted image leaves no vector behind, and what is in flight keeps its', async () => {
  const { db } = database
  const [deleted, kept] = await insertPictures(2)
  await tend('m')
  await withdrawImage(db, deleted?.id ?? '', new AppError('image_deleted', 'gone'))
  await db
    .deleteFrom('imageMetadata')
    .where('id', '=', deleted?.id ?? '')
    .execute()
  const waiting = await insertGeneration(db, { status: 'queued' })
  const get = createGetPromptEmbedding({ db, embedder: open('m') })
  await get({ fingerprint: waiting.id, ownerId: 'alice', scope: '', prompt: 'waits' }, signal)
  expect(await tend('m')).toMatchObject({ deleted: 0 })
  await age(2)
  expect(await tend('m')).toMatchObject({ deleted: 1 })
  expect(await listVectors()).toEqual([kept?.id, waiting.id].sort().map((id) => `${id} m@64`))
})

test('trouble ends the run and the next one goes on; one text that is refused keeps no other', async () => {
  await insertPictures(85)
  await tend('old')
  await age(8)
  gemini.embeddings.reset()
  let calls = 0
  gemini.embeddings.fail({ status: 429 })
  await expect(tend('m')).rejects.toThrow(EmbeddingError)
  expect(gemini.embeddings.calls).toHaveLength(3)
  gemini.embeddings.fail(() => ([1, 2, 4].includes(++calls) ? { status: 400 } : undefined))
  await expect(tend('m')).rejects.toThrow('400')
  expect(await listVectors()).toHaveLength(85 + 25)
  expect(await tend('m')).toMatchObject({ added: 60, deleted: 85 })
})

test('a stop is heard at the next batch', async () => {
  await insertPictures(45)
  const stop = new AbortController()
  gemini.embeddings.fail(() => void stop.abort(new Error('stop')))
  await expect(tend('m', 'suggest', stop.signal)).rejects.toThrow('stop')
  expect(gemini.embeddings.calls).toHaveLength(1)
})

test('prompts are embedded for owners only whose prompts are compared', async () => {
  const { db } = database
  await insertPictures(1)
  await db
    .insertInto('users')
    .values({ id: 'bob' })
    .onConflict((c) => c.doNothing())
    .execute()
  const bobs = await insertSuccess(db, { ownerId: 'bob', prompt: 'of bob' })
  expect(await tend('m', 'off')).toMatchObject({ added: 0 })
  await db.insertInto('ownerSimilarity').values({ ownerId: 'bob', mode: 'shadow' }).execute()
  expect(await tend('m', 'off')).toMatchObject({ added: 1 })
  expect(await listVectors()).toEqual([`${bobs.id} m@64`])
  await db.updateTable('ownerSimilarity').set({ mode: 'off' }).execute()
  await db.deleteFrom('promptEmbeddings').execute()
  expect(await tend('m')).toMatchObject({ added: 1 })
  expect(gemini.embeddings.countTexts('of bob')).toBe(1)
})

test('a worker that starts gives images the vectors that they lack', async () => {
  const app = await startTestApp({ workers: 0, env: { EMBEDDING_SOURCE: 'gemini' } })
  try {
    await app.db.insertInto('users').values({ id: 'alice' }).execute()
    await insertSuccess(app.db, { prompt: 'from before' })
    await app.startWorker()
    const isKept = async () =>
      (await app.db.selectFrom('promptEmbeddings').select('model').execute()).length === 1
    await waitFor(isKept, { what: 'the vector' })
    expect(app.gemini.embeddings.countTexts('from before')).toBe(1)
  } finally {
    await app.stop()
  }
})
