import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { createGenerationQueue } from '../../src/adapters/queue/generation-queue.ts'
import { createSweep, type SweptQueue } from '../../src/generation/state/sweep.ts'
import { describeBothBackends } from '../support/each-backend.ts'
import { newGenerationId, openTestDatabase } from '../support/rows.ts'
import { insertStanding } from '../support/standings.ts'
import { waitFor } from '../support/wait-for.ts'

let database: Awaited<ReturnType<typeof openTestDatabase>>

beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  await database.db.deleteFrom('generations').execute()
})

/** Rows in line since a minute ago, in both lanes; many of them at one place. */
const fillLines = (rows: number) =>
  sql`insert into generations (id, owner_id, fingerprint, status, lane, prompt, transformation, provider, model, image_size,
      object_key, place, enqueued_at)
    select id, 'alice', id, 'queued', case when n % 5 = 0 then 'interactive' else 'eager' end, 'a test', 'generate', 'local',
      'local', '1K', 'generated/' || id || '/1', n % 7, now() - interval '1 minute'
    from (select n, 'g_' || left(encode(sha256(n::text::bytea), 'hex'), 40) as id from generate_series(1, ${rows}::int) as n) as new`.execute(
    database.db,
  )

/** A queue in memory that has the jobs of these. */
const createQueue = (jobs: Set<string>): SweptQueue => ({
  enqueueAll: async (added) => {
    for (const { generationId } of added) jobs.add(generationId)
  },
  findJobless: async (ids) => ids.filter((id) => !jobs.has(id)),
  listDelayed: async () => [],
  hasten: async () => {},
  mendClocks: async () => {},
})

const listIds = async (): Promise<string[]> =>
  (await database.db.selectFrom('generations').select('id').execute()).map(({ id }) => id)

/** Where each row lies: another place for each time that it is written. */
const readPlaces = async () =>
  (await sql`select id, ctid::text as place from generations order by id`.execute(database.db)).rows

const ROWS = 5_000

describe('a sweep of a long line', () => {
  beforeEach(() => fillLines(ROWS))

  test('writes nothing where every row has its job', async () => {
    const sweep = createSweep(database.db, createQueue(new Set(await listIds())))
    const before = await readPlaces()
    for (let n = 0; n < 6; n++) expect(await sweep()).toBe(0)
    expect(await readPlaces()).toEqual(before)
  })

  test('hands everything over at once where the queue has lost it all', async () => {
    const jobs = new Set<string>()
    expect(await createSweep(database.db, createQueue(jobs))()).toBe(ROWS)
    expect([...jobs].sort()).toEqual((await listIds()).sort())
  })

  test('begins anew behind its end, where the queue loses it all while a sweep is in the middle', async () => {
    const jobs = new Set(await listIds())
    const sweep = createSweep(database.db, createQueue(jobs))
    for (let n = 0; n < 3; n++) await sweep()
    jobs.clear()
    expect(await sweep()).toBe(ROWS)
    expect(jobs.size).toBe(ROWS)
  })

  test('finds each job that is lost alone, wherever it stands, in as many sweeps as there are thousands', async () => {
    const ids = await listIds()
    for (const lost of [ids[0], ids[2_500], ids.at(-1)]) {
      const jobs = new Set(ids)
      jobs.delete(lost ?? '')
      const sweep = createSweep(database.db, createQueue(jobs))
      let found = 0
      for (let n = 0; n < ROWS / 1_000; n++) found += await sweep()
      expect({ found, jobs: jobs.size }).toEqual({ found: 1, jobs: ROWS })
      await sql`update generations set enqueued_at = now() - interval '1 minute'`.execute(
        database.db,
      )
    }
  })

  test('finds one that is lost while the line moves', async () => {
    const ids = await listIds()
    const jobs = new Set(ids)
    const sweep = createSweep(database.db, createQueue(jobs))
    await sweep()
    // What stood in the part that was looked at is run, and the last one loses its job.
    const { rows } = await sql<{ id: string }>`
      update generations set status = 'succeeded' where place < 2 returning id`.execute(database.db)
    for (const { id } of rows) jobs.delete(id)
    const [left] = (
      await sql<{
        id: string
      }>`select id from generations where status = 'queued' order by place desc, id desc limit 1`.execute(
        database.db,
      )
    ).rows
    jobs.delete(left?.id ?? '')
    let found = 0
    for (let n = 0; n < ROWS / 1_000; n++) found += await sweep()
    expect(found).toBe(1)
    expect(jobs.has(left?.id ?? '')).toBe(true)
  })

  test('hands a row over once, of two workers that look at the same moment', async () => {
    const jobs = new Set<string>()
    const sweeps = [1, 2].map(() => createSweep(database.db, createQueue(jobs)))
    const counts = await Promise.all(sweeps.map((sweep) => sweep()))
    expect((counts[0] ?? 0) + (counts[1] ?? 0)).toBe(ROWS)
  })
})

test('what ended while the queue was asked is not handed over', async () => {
  const { id } = await insertStanding(database.db, 'queued')
  const jobs: string[] = []
  const count = await createSweep(database.db, {
    ...createQueue(new Set()),
    findJobless: async (ids) => {
      await database.db.updateTable('generations').set({ status: 'canceled' }).execute()
      return [...ids]
    },
    enqueueAll: async (added) => void jobs.push(...added.map(({ generationId }) => generationId)),
  })()
  expect({ id, count, jobs }).toEqual({ id, count: 0, jobs: [] })
})

describeBothBackends('the queue', (kind) => {
  let queue: ReturnType<typeof createGenerationQueue>

  beforeEach(async () => {
    const installation = { id: '0123456789abcdef', home: 'a database' }
    const findInstallation = async () => installation
    queue = createGenerationQueue(
      kind === 'redis'
        ? { kind, url: process.env.TEST_REDIS_URL ?? '', findInstallation }
        : { kind, url: database.url },
      `test-${randomUUID()}`,
      () => {},
    )
    await queue.settle(5_000)
  })
  afterEach(() => queue.close())

  test('names those that have no job, and no others', async () => {
    const ids = Array.from({ length: 1_000 }, newGenerationId)
    expect(await queue.findJobless([])).toEqual([])
    expect(await queue.findJobless(ids)).toEqual(ids)
    await queue.enqueueAll(
      ids.map((generationId) => ({ generationId, lane: 'interactive', place: 0 })),
    )
    await waitFor(async () => (await queue.count()).prioritized === ids.length, {
      what: 'the jobs',
    })
    expect(await queue.findJobless(ids)).toEqual([])
    const [lost = ''] = ids.slice(500)
    await queue.remove(lost)
    const unknown = newGenerationId()
    expect(await queue.findJobless([...ids, unknown])).toEqual([lost, unknown])
  })
})
