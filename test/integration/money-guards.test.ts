import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { GenerationRow } from '../../db/schema.ts'
import * as interventions from '../../src/generation/state/interventions.ts'
import {
  cancelUnwantedGeneration,
  promoteGeneration,
} from '../../src/generation/state/interventions.ts'
import * as workersChanges from '../../src/generation/state/transitions.ts'
import { claimGeneration, retryGeneration } from '../../src/generation/state/transitions.ts'
import { AppError } from '../../src/lib/errors.ts'
import { insertImage, openTestDatabase } from '../support/rows.ts'
import { GIVE_UP_MS, insertStanding, STANDINGS, type Standing } from '../support/standings.ts'
import { OTHER_IMAGE, TABLE, transitionOf, transitions } from '../support/transition-table.ts'

let database: Awaited<ReturnType<typeof openTestDatabase>>

beforeAll(async () => {
  database = await openTestDatabase()
  await insertImage(database.db, { id: OTHER_IMAGE, objectKey: 'generated/other/1' })
})
afterAll(() => database.close())

const options = { workerId: 'w1', leaseMs: 60_000, accounts: {}, giveUpMs: GIVE_UP_MS }

const cases = TABLE.flatMap(([name, fence, ...cells]) =>
  STANDINGS.map((standing, column) => ({ name, fence, standing, cell: cells[column] ?? '-' })),
)

describe('a transition that may not be made changes nothing', () => {
  test.each(cases.filter(({ cell }) => cell === '-'))(
    '$name, fence: $fence, on $standing',
    async ({ name, fence, standing }) => {
      const { run, given } = transitionOf(name)
      const row = await insertStanding(database.db, standing, given)
      const before = await readAll(row.id)
      const changed = await run(database.db, claimOf(row, fence))
      expect(changed ? 'changed' : 'not changed').toBe('not changed')
      expect(await readAll(row.id)).toEqual(before)
    },
  )
})

describe('a transition that may be made changes its own columns and no other', () => {
  test.each(cases.filter(({ cell }) => cell !== '-'))(
    '$name, fence: $fence, on $standing: $cell',
    async ({ name, fence, standing, cell }) => {
      const { run, given, changes, events } = transitionOf(name)
      const before = await insertStanding(database.db, standing, given)
      expect(await run(database.db, claimOf(before, fence))).toBeTruthy()
      const after = await readAll(before.id)
      const cycle = events.filter((type) => type.startsWith('generation.'))
      expect(after.row).toEqual({
        ...before,
        ...changes,
        ...extraChanges(name, standing),
        status: cell,
        eventSequence: before.eventSequence + cycle.length,
      })
      expect(after.events).toEqual(events)
    },
  )
})

/** A claim that was lost is counted, since an input that ends its worker each time must not go on. */
const extraChanges = (name: string, standing: Standing): Partial<GenerationRow> =>
  name === 'claim' && standing === 'dead lease' ? { lostClaims: 2 } : {}

const claimOf = (row: GenerationRow, fence: string): GenerationRow =>
  fence === 'stale' ? { ...row, fence: row.fence - 1 } : row

const readAll = async (id: string) => {
  const { db } = database
  const row = await db
    .selectFrom('generations')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  const image = await db
    .selectFrom('imageMetadata')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  const events = await db
    .selectFrom('generationEvents')
    .select('type')
    .where('generationId', '=', id)
    .orderBy('id')
    .execute()
  return { row, image, events: events.map(({ type }) => type) }
}

test('the table has every change of transitions.ts and interventions.ts', () => {
  const tested = Object.values(transitions)
    .map(({ run }) => run.toString())
    .join()
  const changes = Object.entries({ ...workersChanges, ...interventions }).filter(
    ([, value]) => typeof value === 'function',
  )
  const untested = changes.map(([name]) => name).filter((name) => !tested.includes(name))
  expect(untested).toEqual([])
})

test('of many that claim at once one gets it', async () => {
  const { db } = database
  for (const standing of ['queued', 'dead lease'] as const) {
    const { id } = await insertStanding(db, standing)
    const claims = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        claimGeneration(db, id, { ...options, workerId: `w${i}` }),
      ),
    )
    expect(claims.filter((claim) => claim !== undefined)).toHaveLength(1)
  }
})

test('a lease lasts as long as was asked for, on the clock of Postgres', async () => {
  const { db } = database
  const { id } = await insertStanding(db, 'queued')
  const claim = await claimGeneration(db, id, options)
  const lengthMs = Number(claim?.leaseExpiresAt) - Number(claim?.startedAt)
  expect(lengthMs).toBe(60_000)
})

test('what is to be retried later is not claimed before', async () => {
  const { db } = database
  const running = await insertStanding(db, 'live lease')
  const error = new AppError('overloaded', 'busy', { retryable: true })
  const queued = await retryGeneration(db, running, error, 60_000)
  expect(await claimGeneration(db, running.id, options)).toBeUndefined()
  expect(Number(queued?.runAfter) - Number(queued?.enqueuedAt)).toBe(0)
})

test('what a saved item shows is not unwanted', async () => {
  const { db } = database
  const { id: generationId } = await insertStanding(db, 'queued')
  await db.insertInto('savedItems').values({ ownerId: 'alice', id: 'item', generationId }).execute()
  const error = new AppError('superseded', 'another was wanted')
  expect(await cancelUnwantedGeneration(db, generationId, error)).toBeUndefined()
})

test('what a person waits for already is not promoted again', async () => {
  const { id } = await insertStanding(database.db, 'queued', { lane: 'interactive' })
  expect(await promoteGeneration(database.db, id, GIVE_UP_MS.interactive)).toBeUndefined()
})
