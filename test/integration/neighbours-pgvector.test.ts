import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { ensureVectorIndex, nameVectorIndex } from '../../db/vector-index.ts'
import { createFindNeighbours } from '../../src/features/similarity/neighbours/find-neighbours.ts'
import { createFindVectorIndex } from '../../src/features/similarity/neighbours/vector-index.ts'
import { testNeighbours } from '../support/neighbour-cases.ts'
import { startPglite } from '../support/pglite.ts'
import { codeOf, DIMENSIONS, insertManyKnown, known } from '../support/prompts.ts'

let postgres: Awaited<ReturnType<typeof startPglite>>
beforeAll(async () => {
  postgres = await startPglite()
  await postgres.db.insertInto('users').values({ id: 'alice' }).execute()
})
afterAll(() => postgres.close())

const ensureIndex = (model = 'a model') =>
  ensureVectorIndex(postgres.url, { model, dimensions: DIMENSIONS })

describe('the index of vectors', () => {
  const listIndexes = async () => {
    const { rows } = await sql<{ oid: string; name: string; isValid: boolean }>`
      select i.indexrelid::text as oid, c.relname as name, i.indisvalid as is_valid
      from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
      where i.indrelid = 'prompt_embeddings'::regclass and a.amname = 'hnsw'`.execute(postgres.db)
    return rows
  }
  beforeEach(async () => {
    expect(await ensureIndex()).toMatch(/^Similar prompts are found by pgvector 0\.\d+/)
  })

  test('is made once', async () => {
    const made = await listIndexes()
    expect(made).toMatchObject([{ name: nameVectorIndex('a model'), isValid: true }])
    await ensureIndex()
    expect(await listIndexes()).toEqual(made)
  })

  test('has the numbers of the codes', async () => {
    const { rows } = await sql<{ numbers: string }>`
      select prompt_vector(${codeOf(1, -1, 0)})::text as numbers`.execute(postgres.db)
    expect(rows[0]?.numbers).toMatch(/^\[63,-63,0,0,/)
  })

  test('is made anew when a build was interrupted', async () => {
    const [left] = await listIndexes()
    await sql`update pg_index set indisvalid = false where indexrelid = ${left?.oid}::oid`.execute(
      postgres.db,
    )
    await ensureIndex()
    const [made, ...others] = await listIndexes()
    expect(made).toMatchObject({ name: left?.name, isValid: true })
    expect(made?.oid).not.toBe(left?.oid)
    expect(others).toEqual([])
  })

  test("takes the place of another model's", async () => {
    await ensureIndex('another model')
    expect((await listIndexes()).map(({ name }) => name)).toEqual([
      nameVectorIndex('another model'),
    ])
  })

  test('is used for a large scope and not for a small one', async () => {
    const find = createFindNeighbours()
    const countScans = async () => {
      await sql`select pg_stat_force_next_flush()`.execute(postgres.db)
      const { rows } = await sql<{ scans: number }>`
        select pg_stat_get_numscans(to_regclass(${nameVectorIndex('a model')}))::int as scans`.execute(
        postgres.db,
      )
      return rows[0]?.scans
    }
    const search = () => find(postgres.db, { ...known(), minSimilarity: 0.5, limit: 3 })
    await insertManyKnown(
      postgres.db,
      Array.from({ length: 1_000 }, () => codeOf(1)),
    )
    expect(await search()).toHaveLength(3)
    expect(await countScans()).toBe(0)
    await insertManyKnown(
      postgres.db,
      Array.from({ length: 1_000 }, () => codeOf(1)),
    )
    expect(await search()).toHaveLength(3)
    expect(await countScans()).toBe(1)
  })
})

describe('neighbours by pgvector', () => {
  testNeighbours({
    open: async () => {
      await ensureIndex()
      return { db: postgres.db, close: async () => {} }
    },
    find: createFindNeighbours(createFindVectorIndex(), async () => true),
    prompts: 400,
    minRecall: 0.95,
  })
})
