import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { builtInPrices } from '../../src/adapters/providers/price-table.ts'
import { createGeminiEmbedder } from '../../src/features/similarity/embeddings/gemini.ts'
import type { Embedder } from '../../src/features/similarity/ports.ts'
import { createGetPromptEmbedding } from '../../src/features/similarity/prompt-embedding.ts'
import { EmbeddingError } from '../../src/lib/errors.ts'
import { type GeminiServer, startGeminiServer } from '../support/gemini-server.ts'
import { openTestDatabase } from '../support/rows.ts'
import { waitFor } from '../support/wait-for.ts'

let database: Awaited<ReturnType<typeof openTestDatabase>>
let gemini: GeminiServer
let embedder: Embedder
const { signal } = new AbortController()

beforeAll(async () => {
  database = await openTestDatabase()
  gemini = await startGeminiServer()
  const model = 'gemini-embedding-001'
  const { apiKey, url: baseUrl } = gemini
  const config = { apiKey, baseUrl, model, dimensions: 64, prices: builtInPrices }
  embedder = createGeminiEmbedder(config)
  await database.db.insertInto('users').values({ id: 'bob' }).execute()
})
beforeEach(async () => {
  gemini.reset()
  await database.db.deleteFrom('promptEmbeddings').execute()
})
afterAll(async () => {
  await gemini.close()
  await database.close()
})

const open = (own = embedder) => createGetPromptEmbedding({ db: database.db, embedder: own })
const light = { fingerprint: 'light', ownerId: 'alice', scope: 'on light', prompt: 'two dogs' }
const dark = { ...light, fingerprint: 'dark', scope: 'on dark', prompt: ' two  dogs' }
const square = { ...light, fingerprint: 'square', scope: 'square' }

const listRows = () =>
  database.db
    .selectFrom('promptEmbeddings')
    .select(['fingerprint', 'model', 'ownerId', 'scope', 'code'])
    .orderBy('fingerprint')
    .execute()

test('a prompt is embedded once, also for another variant and by two at once', async () => {
  const get = open()
  const all = await Promise.all([get(light, signal), get(light, signal), get(dark, signal)])
  all.push(await get(square, signal), await get(light, signal))
  expect(gemini.embeddings.calls.map(({ texts }) => texts)).toEqual([['two dogs']])
  expect(all.map(({ costNanoUsd }) => costNanoUsd)).toEqual([300, 0, 0, 0, 0])
  const code = all[0]?.code
  expect(all.every((one) => code?.equals(one.code))).toBe(true)
  const kept = { model: 'gemini-embedding-001@64', ownerId: 'alice', code }
  expect(await listRows()).toEqual([
    { ...kept, fingerprint: 'dark', scope: 'on dark' },
    { ...kept, fingerprint: 'light', scope: 'on light' },
    { ...kept, fingerprint: 'square', scope: 'square' },
  ])
})

test('two workers that embed the same prompt at once keep one vector', async () => {
  const { promise: bothAsk, resolve } = withResolvers()
  let asked = 0
  const embed: Embedder['embed'] = async (texts, embedSignal) => {
    if (++asked === 2) resolve()
    await bothAsk
    return embedder.embed(texts, embedSignal)
  }
  const workers = [open({ ...embedder, embed }), open({ ...embedder, embed })]
  const [one, other] = await Promise.all(workers.map((get) => get(light, signal)))
  expect(one?.code).toEqual(other?.code)
  expect(await listRows()).toHaveLength(1)
})

test('nobody is answered by what another owner has', async () => {
  await open()(light, signal)
  await open()({ ...light, fingerprint: 'of bob', ownerId: 'bob' }, signal)
  expect(gemini.embeddings.countTexts('two dogs')).toBe(2)
})

test('who gives up takes nothing from who still waits; when nobody waits any more it is given up', async () => {
  const signals: AbortSignal[] = []
  const { promise: held, resolve: release } = withResolvers()
  const get = open({
    ...embedder,
    embed: async (texts, embedSignal) => {
      signals.push(embedSignal)
      await held
      return embedder.embed(texts, embedSignal)
    },
  })
  const [first, second] = [new AbortController(), new AbortController()]
  const left = get(light, first.signal)
  const stays = get(dark, second.signal)
  first.abort(new Error('canceled'))
  await expect(left).rejects.toThrow('canceled')
  release()
  // Whoever is left books what it cost.
  expect(await stays).toMatchObject({ costNanoUsd: 300 })

  gemini.embeddings.fail('hang')
  const third = new AbortController()
  const alone = get({ ...light, fingerprint: 'other', prompt: 'a cat' }, third.signal)
  const arrives = () => gemini.embeddings.countTexts('a cat') === 1
  await waitFor(arrives, { what: 'the request' })
  third.abort(new Error('canceled'))
  await expect(alone).rejects.toThrow('canceled')
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
})

test('after trouble nothing is kept, and the next one tries again', async () => {
  const get = open()
  gemini.embeddings.fail({ status: 503 })
  await expect(Promise.all([get(light, signal), get(dark, signal)])).rejects.toThrow(EmbeddingError)
  expect(gemini.embeddings.calls).toHaveLength(1)
  expect(await listRows()).toEqual([])
  gemini.embeddings.fail(undefined)
  expect(await get(light, signal)).toMatchObject({ costNanoUsd: 300 })
})

const withResolvers = () => {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
