import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { sql } from 'kysely'
import type { Database } from '../../db/database.ts'
import { createFindNeighbours } from '../../src/similarity/neighbours/find-neighbours.ts'
import type { NeighbourQuery } from '../../src/similarity/ports.ts'
import { encodeVector } from '../../src/similarity/vector.ts'
import { insertCode, insertImageFor, type KnownPrompt } from '../support/prompts.ts'
import { newGenerationId, openTestDatabase } from '../support/rows.ts'

const findNeighbours = createFindNeighbours()
let db: Database
let close: () => Promise<void>

beforeAll(async () => {
  ;({ db, close } = await openTestDatabase())
})
afterAll(() => close())
beforeEach(() => sql`truncate prompt_embeddings, generations, image_metadata cascade`.execute(db))

const DIMENSIONS = 32
const PROMPTS = 2_300

/** Of any length, and the first alone when it is as short as this. */
const vector = (...values: number[]) =>
  Float32Array.from({ length: DIMENSIONS }, (_, index) => values[index] ?? 0)

const known = (given: Partial<KnownPrompt> = {}): KnownPrompt => ({
  ownerId: 'alice',
  scope: 'a scope',
  model: 'a model',
  code: encodeVector(vector(1)),
  fingerprint: newGenerationId(),
  ...given,
})

const query = (given: Partial<NeighbourQuery> = {}): NeighbourQuery => ({
  ...known(),
  minSimilarity: 0.5,
  limit: 3,
  ...given,
})

const insertKnown = async (given: Partial<KnownPrompt> = {}) => {
  const prompt = known(given)
  await insertCode(db, prompt)
  return { ...prompt, imageId: await insertImageFor(db, prompt) }
}

const findIds = async (given: Partial<NeighbourQuery> = {}) =>
  (await findNeighbours(db, query(given))).map(({ imageId }) => imageId)

test('the nearest are those that all cosines in doubles say, with these cosines', async () => {
  const anyVector = fc.int8Array({ minLength: DIMENSIONS, maxLength: DIMENSIONS })
  const codes = fc
    .sample(anyVector, { numRuns: PROMPTS, seed: 1 })
    .map((values) => encodeVector(Float32Array.from(values)))
  const ids = codes.map(() => newGenerationId())
  await insertAll(codes, ids)
  await fc.assert(
    fc.asyncProperty(
      anyVector,
      fc.integer({ min: 1, max: 20 }),
      fc.double({ min: 0, max: 0.6, noNaN: true }),
      async (values, limit, minSimilarity) => {
        const code = encodeVector(Float32Array.from(values))
        const expected = codes
          .map((other, index) => ({ imageId: ids[index], similarity: cosine(code, other) }))
          .filter(({ similarity }) => similarity >= minSimilarity)
          .sort((a, b) => b.similarity - a.similarity)
          .slice(0, limit)
        const found = await findNeighbours(db, query({ code, limit, minSimilarity }))
        expect(found.map(({ imageId }) => imageId)).toEqual(expected.map(({ imageId }) => imageId))
        found.forEach(({ similarity }, index) => {
          expect(similarity).toBeCloseTo(expected[index]?.similarity ?? Number.NaN, 12)
        })
      },
    ),
    { numRuns: 25 },
  )
})

/** By the formula, from the bytes. */
const cosine = (a: Buffer, b: Buffer): number => {
  const [first, second] = [a, b].map((code) => [...code].map((byte) => byte - 64))
  const dot = (x: number[] = [], y: number[] = []) =>
    x.reduce((sum, v, i) => sum + v * (y[i] ?? 0), 0)
  const lengths = Math.sqrt(dot(first, first)) * Math.sqrt(dot(second, second))
  return lengths > 0 ? Math.max(0, dot(first, second) / lengths) : 0
}

const insertAll = async (codes: Buffer[], ids: string[]) => {
  await sql`insert into prompt_embeddings (fingerprint, model, owner_id, scope, prompt_digest, code)
    select id, 'a model', 'alice', 'a scope', id, code from unnest(${ids}::text[], ${codes}::bytea[]) as made (id, code)`.execute(
    db,
  )
  await sql`insert into image_metadata (id, user_id, image_url, image_type, object_key)
    select id, 'alice', '/images/' || id, 'generated', id from unnest(${ids}::text[]) as made (id)`.execute(
    db,
  )
  await sql`insert into generations (id, owner_id, fingerprint, status, lane, prompt, transformation, provider, model, image_size,
      object_key, image_id)
    select id, 'alice', id, 'succeeded', 'interactive', 'a test', 'generate', 'local', 'local', '1K', id, id
    from unnest(${ids}::text[]) as made (id)`.execute(db)
}

test('of fifty owners with the same prompts, each finds its own', async () => {
  const owners = Array.from({ length: 50 }, (_, index) => `owner ${index}`)
  await db
    .insertInto('users')
    .values(owners.map((id) => ({ id })))
    .onConflict((c) => c.doNothing())
    .execute()
  const own = new Map<string, string>()
  for (const ownerId of owners) own.set(ownerId, (await insertKnown({ ownerId })).imageId)
  for (const ownerId of owners)
    expect(await findIds({ ownerId, limit: 50 })).toEqual([own.get(ownerId)])
  expect(await findIds({ limit: 50 })).toEqual([])
})

test("an image that another owner's generation of the same fingerprint made is none", async () => {
  await db
    .insertInto('users')
    .values({ id: 'mallory' })
    .onConflict((c) => c.doNothing())
    .execute()
  const prompt = known()
  await insertCode(db, prompt)
  await insertImageFor(db, { ...prompt, ownerId: 'mallory' })
  await insertImageFor(db, prompt, { image: { userId: 'mallory' } })
  expect(await findIds()).toEqual([])
})

test('a prompt is no neighbour of itself, nor of one in another scope or by another model', async () => {
  const { fingerprint, imageId } = await insertKnown()
  await insertKnown({ scope: 'another scope' })
  await insertKnown({ model: 'another model' })
  expect(await findIds({ fingerprint })).toEqual([])
  expect(await findIds()).toEqual([imageId])
})

test('deleted, lost, failed and reused images are passed over, however many, for the living behind them', async () => {
  const far = await insertKnown({ code: encodeVector(vector(1, 0.5)) })
  const codes = Array.from({ length: 120 }, () => encodeVector(vector(1, 0.1)))
  const ids = codes.map(() => newGenerationId())
  await insertAll(codes, ids)
  await sql`update generations set status = 'canceled', image_id = null where id = any(${ids.slice(0, 40)})`.execute(
    db,
  )
  await sql`update image_metadata set object_key = null where id = any(${ids.slice(40, 80)})`.execute(
    db,
  )
  await sql`update generations set image_id = ${far.imageId} where id = any(${ids.slice(80)})`.execute(
    db,
  )
  expect(await findIds()).toEqual([far.imageId])
})

test('a prompt answers with its newest image', async () => {
  const prompt = await insertKnown()
  const newest = await insertImageFor(db, prompt, {
    generation: { revision: 'r', finishedAt: new Date() },
  })
  expect(await findIds()).toEqual([newest])
  await sql`update image_metadata set object_key = null where id = ${newest}`.execute(db)
  expect(await findIds()).toEqual([prompt.imageId])
})
