import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { sql } from 'kysely'
import type { Database } from '../../db/database.ts'
import { encodeVector } from '../../src/features/similarity/embedding-code.ts'
import type { FindNeighbours, NeighbourQuery } from '../../src/features/similarity/ports.ts'
import {
  codeOf,
  DIMENSIONS,
  insertCode,
  insertCodes,
  insertImageFor,
  insertManyKnown,
  type KnownPrompt,
  known,
} from './prompts.ts'

export type NeighbourCases = {
  /** A database with the owner alice. */
  open: () => Promise<{ db: Database; close: () => Promise<void> }>
  find: FindNeighbours
  /** Among so many prompts ... */
  prompts: number
  /** ... this share of the nearest must be found. */
  minRecall: number
}

/** What must hold whichever way neighbours are found. */
export const testNeighbours = ({ open, find, prompts, minRecall }: NeighbourCases): void => {
  let db: Database
  let close: () => Promise<void>

  beforeAll(async () => {
    ;({ db, close } = await open())
  })
  afterAll(() => close())
  beforeEach(() => sql`truncate prompt_embeddings, generations, image_metadata cascade`.execute(db))

  const findNear = (given: Partial<NeighbourQuery> = {}) =>
    find(db, { ...known(), minSimilarity: 0.5, limit: 3, ...given })

  const findIds = async (given: Partial<NeighbourQuery> = {}) =>
    (await findNear(given)).map(({ imageId }) => imageId)

  const insertKnown = async (given: Partial<KnownPrompt> = {}) => {
    const prompt = known(given)
    await insertCode(db, prompt)
    return { ...prompt, imageId: await insertImageFor(db, prompt) }
  }

  test('are the nearest by all cosines in doubles, with these cosines', async () => {
    const anyVector = fc.int8Array({ minLength: DIMENSIONS, maxLength: DIMENSIONS })
    const codes = fc
      .sample(anyVector, { numRuns: prompts, seed: 1 })
      .map((values) => encodeVector(Float32Array.from(values)))
    const ids = await insertManyKnown(db, codes)
    let [wanted, found] = [0, 0]
    await fc.assert(
      fc.asyncProperty(
        anyVector,
        fc.integer({ min: 1, max: 20 }),
        fc.oneof(fc.constant(0), fc.double({ min: 0, max: 0.6, noNaN: true })),
        async (values, limit, minSimilarity) => {
          const code = encodeVector(Float32Array.from(values))
          const cosines = new Map(codes.map((other, at) => [ids[at], cosine(code, other)]))
          const expected = [...cosines]
            .filter(([, similarity]) => similarity >= minSimilarity)
            .sort(([, a], [, b]) => b - a)
            .slice(0, limit)
          const near = await findNear({ code, limit, minSimilarity })
          expect(near.length).toBe(expected.length)
          for (const { imageId, similarity } of near) {
            expect(similarity).toBeCloseTo(cosines.get(imageId) ?? Number.NaN, 12)
          }
          const order = near.map(({ imageId }) => imageId)
          if (minRecall === 1) expect(order).toEqual(expected.map(([id]) => id))
          wanted += expected.length
          found += expected.filter(([id]) => order.includes(id ?? '')).length
        },
      ),
      { numRuns: 25, endOnFailure: true },
    )
    expect(found / wanted).toBeGreaterThanOrEqual(minRecall)
  })

  test("are one's own, among fifty owners with the same prompts", async () => {
    const owners = Array.from({ length: 50 }, (_, index) => `owner ${index}`)
    await db
      .insertInto('users')
      .values(owners.map((id) => ({ id })))
      .execute()
    const own = new Map<string, string>()
    for (const ownerId of owners) own.set(ownerId, (await insertKnown({ ownerId })).imageId)
    for (const ownerId of owners) {
      expect(await findIds({ ownerId, limit: 50 })).toEqual([own.get(ownerId)])
    }
    expect(await findIds({ limit: 50 })).toEqual([])
  })

  test("are found behind any number of others' prompts", async () => {
    await db.insertInto('users').values({ id: 'bob' }).execute()
    await insertCodes(
      db,
      Array.from({ length: 1_100 }, () => codeOf(1)),
      'bob',
    )
    const { imageId } = await insertKnown({ code: codeOf(1, 0.5) })
    expect(await findIds()).toEqual([imageId])
  })

  test('are no images of others, whatever their rows say', async () => {
    await db.insertInto('users').values({ id: 'mallory' }).execute()
    const prompt = known()
    await insertCode(db, prompt)
    await insertImageFor(db, { ...prompt, ownerId: 'mallory' })
    await insertImageFor(db, { ...prompt, ownerId: 'mallory' }, { image: { userId: 'alice' } })
    await insertImageFor(db, prompt, { image: { userId: 'mallory' } })
    expect(await findIds()).toEqual([])
  })

  test('are not the prompt itself, nor any of another scope or by another model', async () => {
    const { fingerprint, imageId } = await insertKnown({ code: codeOf(1, 0.5) })
    await insertKnown({ scope: 'another scope' })
    await insertKnown({ model: 'another model' })
    expect(await findIds({ fingerprint, limit: 1 })).toEqual([])
    expect(await findIds({ limit: 1 })).toEqual([imageId])
  })

  test('are found behind any number of deleted, lost and reused images', async () => {
    const far = await insertKnown({ code: codeOf(1, 0.5) })
    const ids = await insertManyKnown(
      db,
      Array.from({ length: 120 }, () => codeOf(1, 0.1)),
    )
    const [deleted, lost, reused] = [ids.slice(0, 40), ids.slice(40, 80), ids.slice(80)]
    await sql`update generations set status = 'canceled' where id = any(${deleted})`.execute(db)
    await sql`update image_metadata set object_key = null where id = any(${lost})`.execute(db)
    await sql`update generations set image_id = ${far.imageId} where id = any(${reused})`.execute(
      db,
    )
    expect(await findIds()).toEqual([far.imageId])
  })

  test('answer with their newest image that is there', async () => {
    const prompt = known()
    await insertCode(db, prompt)
    const older = await insertImageFor(db, prompt, { generation: { finishedAt: new Date(0) } })
    const again = { revision: 'again', finishedAt: new Date() }
    const newest = await insertImageFor(db, prompt, { generation: again })
    expect(await findIds()).toEqual([newest])
    await sql`update image_metadata set object_key = null where id = ${newest}`.execute(db)
    expect(await findIds()).toEqual([older])
  })
}

/** By the formula, from the bytes. */
const cosine = (a: Buffer, b: Buffer): number => {
  const dot = (x: Buffer, y: Buffer) =>
    x.reduce((sum, byte, at) => sum + (byte - 64) * ((y[at] ?? 0) - 64), 0)
  const lengths = Math.sqrt(dot(a, a)) * Math.sqrt(dot(b, b))
  return lengths > 0 ? Math.max(0, dot(a, b) / lengths) : 0
}
