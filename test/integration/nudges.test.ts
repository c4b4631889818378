import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { sql } from 'kysely'
import pg from 'pg'
import { createDatabase, type Database } from '../../db/database.ts'
import { GENERATION_CHANNEL, nudge } from '../../db/nudges.ts'
import { cancelQueuedOrRunning } from '../../src/generation/state/interventions.ts'
import { claimGeneration, completeByReuse } from '../../src/generation/state/transitions.ts'
import { AppError } from '../../src/lib/errors.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { insertGeneration, insertSuccess } from '../support/rows.ts'
import { waitFor } from '../support/wait-for.ts'

const WRITERS = 32

let database: TestDatabase
let db: Database
let listener: pg.Client
let heard: string[] = []

const open = (poolSize: number) =>
  createDatabase({ url: database.url, poolSize, onIdleError: () => {} })

beforeAll(async () => {
  database = await createTestDatabase()
  listener = new pg.Client({ connectionString: database.url })
  await listener.connect()
  listener.on('notification', ({ payload }) => heard.push(payload ?? ''))
  await listener.query(`listen ${GENERATION_CHANNEL}`)
  db = open(WRITERS)
  await db.insertInto('users').values({ id: 'alice' }).execute()
})
afterAll(async () => {
  await db.destroy()
  await listener.end()
  await database.drop()
})
afterEach(() => {
  heard = []
  jest.restoreAllMocks()
})

const hear = (name: string) => waitFor(() => heard.includes(name), { what: `to hear of ${name}` })
const canceled = () => new AppError('canceled', 'Canceled.')

describe('what a transaction has changed', () => {
  test('is told once it is committed, and not before', async () => {
    const { id } = await insertGeneration(db)
    await db.transaction().execute(async (tx) => {
      await cancelQueuedOrRunning(tx, id, canceled())
      await nudge(db, ['meanwhile'])
      await hear('meanwhile')
      expect(heard).not.toContain(id)
    })
    await hear(id)
  })

  test('is never told where it is rolled back, nor with the next one of its connection', async () => {
    const single = open(1)
    const { id } = await insertGeneration(single)
    const failed = single.transaction().execute(async (tx) => {
      await cancelQueuedOrRunning(tx, id, canceled())
      throw new Error('rolled back')
    })
    await expect(failed).rejects.toThrow('rolled back')
    await single.transaction().execute((tx) => nudge(tx, ['afterwards']))
    await hear('afterwards')
    expect(heard).not.toContain(id)
    await single.destroy()
  })
})

test('what was not told yet is told when the process ends', async () => {
  const ending = open(1)
  const { id } = await insertGeneration(ending)
  await cancelQueuedOrRunning(ending, id, canceled())
  await ending.destroy()
  await hear(id)
})

test('no change notifies by itself, and those of one moment are told by one transaction that waits for no disk', async () => {
  const made = await insertSuccess(db)
  const ids = await Promise.all(
    Array.from({ length: WRITERS }, async () => (await insertGeneration(db)).id),
  )
  const asked = jest.spyOn(pg.Client.prototype, 'query')
  const writers = open(WRITERS)
  const options = { workerId: 'w', leaseMs: 60_000, accounts: {} }
  const giveUpMs = { interactive: 60_000, eager: 60_000 }
  const ended = await Promise.all(
    ids.map(async (id) => {
      const claim = await claimGeneration(writers, id, { ...options, giveUpMs })
      return claim && completeByReuse(writers, claim, { imageId: made.id, source: 'exact' })
    }),
  )
  expect(ended.map((row) => row?.status)).toEqual(ids.map(() => 'succeeded'))
  await writers.destroy()
  for (const id of ids) await hear(id)
  const texts = asked.mock.calls.map(([query]) => textOf(query))
  const changes = texts.filter((text) => /update "?generations/.test(text))
  expect(changes).toHaveLength(2 * WRITERS)
  const told = texts.filter((text) => text.includes('pg_notify'))
  expect(
    told.filter((text) => !text.includes("set_config('synchronous_commit', 'off', true)")),
  ).toEqual([])
  expect(told.length).toBeGreaterThan(0)
  expect(told.length).toBeLessThan(changes.length / 2)
})

test('the next statement of its connection waits for the disk as always', async () => {
  const single = open(1)
  await nudge(single, ['told'])
  await hear('told')
  const { rows } = await sql<{ setting: string }>`
    select current_setting('synchronous_commit') as setting`.execute(single)
  expect(rows).toEqual([{ setting: 'on' }])
  await single.destroy()
})

const textOf = (query: unknown): string =>
  typeof query === 'string' ? query : String((query as { text?: unknown } | undefined)?.text)
