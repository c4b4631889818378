import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { insertItemIfNew, listItems } from '../../src/features/saved-items/repository.ts'
import { listGenerations } from '../../src/generation/read/list.ts'
import { listImages } from '../../src/generation/read/list-images.ts'
import type { PagePosition } from '../../src/generation/state/repository.ts'
import { insertGeneration, insertImage, openTestDatabase } from '../support/rows.ts'

let database: Awaited<ReturnType<typeof openTestDatabase>>

/** Two moments, each of several: an order by time alone would lose some, or give them twice. */
const TIMES = [new Date('2026-11-22T12:00:00.001Z'), new Date('2026-11-22T12:00:00.002Z')]
const COUNT = 9

beforeAll(async () => {
  database = await openTestDatabase()
  const { db } = database
  for (let i = 0; i < COUNT; i++) {
    const at = TIMES[i % 2] ?? new Date(0)
    const { id, objectKey } = await insertGeneration(db, { createdAt: at })
    await insertImage(db, { id, objectKey, generatedAt: at })
    await insertItemIfNew(db, { ownerId: 'alice', id: `item-${i}`, createdAt: at })
  }
})
afterAll(() => database.close())

type Page = { ownerId: string; before: PagePosition | undefined; limit: number }
type Row = { id: string; at: Date }

const lists: [string, (page: Page) => Promise<Row[]>][] = [
  [
    'generations',
    async (page) =>
      (await listGenerations(database.db, page)).map(({ id, createdAt: at }) => ({ id, at })),
  ],
  [
    'images',
    async (page) =>
      (await listImages(database.db, page)).map(({ id, generatedAt: at }) => ({ id, at })),
  ],
  [
    'saved items',
    async (page) =>
      (await listItems(database.db, page)).map(({ id, createdAt: at }) => ({ id, at })),
  ],
]

test.each(lists)(
  '%s are each on one page, newest first, of equal times too',
  async (_name, list) => {
    for (const limit of [1, 2, 4]) {
      const rows: Row[] = []
      for (let before: PagePosition | undefined; ; ) {
        const page = await list({ ownerId: 'alice', before, limit })
        rows.push(...page)
        before = page.at(-1)
        if (page.length < limit || rows.length > COUNT) break
      }
      expect(new Set(rows.map(({ id }) => id)).size).toBe(COUNT)
      expect(rows).toHaveLength(COUNT)
      const times = rows.map(({ at }) => at.getTime())
      expect(times).toEqual([...times].sort((a, b) => b - a))
    }
  },
)
