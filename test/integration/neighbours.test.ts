import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { ensureVectorIndex } from '../../db/vector-index.ts'
import { createFindNeighbours } from '../../src/features/similarity/neighbours/find-neighbours.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { testNeighbours } from '../support/neighbour-cases.ts'
import { openTestDatabase } from '../support/rows.ts'

describe('neighbours by comparing all', () => {
  testNeighbours({
    open: openTestDatabase,
    find: createFindNeighbours(),
    // More than a page.
    prompts: 5_100,
    minRecall: 1,
  })
})

describe('a Postgres without pgvector', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase()
  })
  afterAll(() => database.drop())

  test('says so when the index is asked for', async () => {
    const note = await ensureVectorIndex(database.url, { model: 'a model', dimensions: 32 })
    expect(note).toBe(
      'Similar prompts are found by comparing all, as this Postgres has no pgvector.',
    )
  })
})
