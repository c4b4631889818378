import { setMaxListeners } from 'node:events'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { createDatabase, type Database } from '../../db/database.ts'
import { waitForTerminal } from '../../src/generation/read/follow.ts'
import { createWatcher, type News } from '../../src/generation/read/watch.ts'
import { cancelAllQueuedOrRunning } from '../../src/generation/state/interventions.ts'
import { AppError } from '../../src/lib/errors.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'
import { insertGeneration } from '../support/rows.ts'
import { waitFor } from '../support/wait-for.ts'

const GENERATIONS = 100
const FOLLOWERS_EACH = 10
const NEVER_MS = 3_600_000

let database: TestDatabase
let proxy: Awaited<ReturnType<typeof startPostgresProxy>>
/** What the watcher asks; the rest of a test has its own. */
let watched: Database
let db: Database
let statements = 0
const listeners = new Map<string, () => void>()
const watchers: ReturnType<typeof createWatcher>[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  proxy = await startPostgresProxy(database.url)
  const onQuery = [() => void statements++]
  watched = createDatabase({ url: proxy.url, poolSize: 1, onIdleError: () => {}, onQuery })
  db = createDatabase({ url: database.url, poolSize: 2, onIdleError: () => {} })
  await db.insertInto('users').values({ id: 'alice' }).execute()
})
afterAll(async () => {
  await watched.destroy()
  await db.destroy()
  await proxy.close()
  await database.drop()
})
afterEach(async () => {
  for (const watcher of watchers.splice(0)) await watcher.stop()
  await proxy.mend()
})

/** A watcher whose nudges come from the test alone. */
const watch = (intervalMs = NEVER_MS) => {
  const subscribe = (id: string, listener: () => void) => {
    listeners.set(id, listener)
    return () => void listeners.delete(id)
  }
  const watcher = createWatcher({ db: watched, subscribe, intervalMs, onError: () => {} })
  watchers.push(watcher)
  return watcher
}

const record = (seen = 0) => {
  const told: News[] = []
  const state = { isGone: false, troubles: 0 }
  const follower = {
    seen,
    onNews: (news: News) => void told.push(news),
    onGone: () => {
      state.isGone = true
    },
    onTrouble: () => void state.troubles++,
  }
  return { told, state, follower }
}

/** Rows as they are inserted by hand count no event yet. */
const insert = async () => (await insertGeneration(db)).id

const cancel = (ids: string[]) =>
  cancelAllQueuedOrRunning(db, ids, new AppError('canceled', 'Canceled.'))

describe('who follows generations', () => {
  test('costs no statement of their own: one for all that are opened, and one for all that end', async () => {
    const { follow } = watch()
    const ids = await Promise.all(Array.from({ length: GENERATIONS }, insert))
    const records = ids.flatMap((id) =>
      Array.from({ length: FOLLOWERS_EACH }, () => ({ id, ...record() })),
    )
    // Its own connection is opened by then.
    await watched.selectFrom('users').select('id').execute()
    const before = statements
    for (const { id, follower } of records) follow(id, follower)
    await waitFor(() => statements > before, { what: 'all to be looked at' })
    await cancel(ids)
    for (const id of ids) listeners.get(id)?.()
    await waitFor(() => records.every(({ told }) => told.length > 0), { what: 'all to be told' })
    expect(statements - before).toBe(2)
    for (const { id, told } of records) {
      expect(told).toHaveLength(1)
      expect(told[0]).toMatchObject({
        row: { id, status: 'canceled', eventSequence: 1 },
        events: [{ type: 'generation.canceled', sequence: 1 }],
      })
    }
    // The very same for all who follow the same.
    const [first, ...others] = records.slice(0, FOLLOWERS_EACH)
    for (const { told } of others) expect(told[0]).toBe(first?.told[0])
  })

  test('is not woken by what they have seen already', async () => {
    const { follow } = watch()
    const [id, other] = [await insert(), await insert()]
    await cancel([id, other])
    const [seen, unseen] = [record(1), record(0)]
    follow(id, seen.follower)
    follow(other, unseen.follower)
    await waitFor(() => unseen.told.length, { what: 'what was not seen' })
    listeners.get(id)?.()
    const late = record(0)
    follow(id, late.follower)
    await waitFor(() => late.told.length, { what: 'the one who came late to be told' })
    expect(seen.told).toEqual([])
  })

  test('hears of a change within the interval though its nudge was lost', async () => {
    const { follow } = watch(20)
    const id = await insert()
    const { told, follower } = record()
    follow(id, follower)
    await cancel([id])
    await waitFor(() => told.length, { what: 'the news' })
  })

  test('hears that it is gone, or was made anew under its id', async () => {
    const { follow } = watch(20)
    const [gone, anew] = [await insert(), await insert()]
    const [first, second] = [record(), record(7)]
    follow(gone, first.follower)
    follow(anew, second.follower)
    await db.deleteFrom('generations').where('id', '=', gone).execute()
    await waitFor(() => first.state.isGone && second.state.isGone, { what: 'both to be gone' })
    expect([...first.told, ...second.told]).toEqual([])
  })

  test('is asked after no more once it has stopped', async () => {
    const { follow } = watch()
    const id = await insert()
    const { told, follower } = record()
    const stop = follow(id, follower)
    expect(listeners.has(id)).toBe(true)
    stop()
    expect(listeners.has(id)).toBe(false)
    await cancel([id])
    const later = record()
    follow(id, later.follower)
    await waitFor(() => later.told.length, { what: 'the next one to be told' })
    expect(told).toEqual([])
  })

  test('hears of trouble, and of what has changed once it is over', async () => {
    const { follow } = watch(20)
    const id = await insert()
    const { told, state, follower } = record()
    await proxy.cut()
    follow(id, follower)
    await waitFor(() => state.troubles, { what: 'the trouble' })
    await cancel([id])
    await proxy.mend()
    await waitFor(() => told.length, { what: 'the news' })
  })
})

describe('a wait', () => {
  const { signal } = new AbortController()
  setMaxListeners(0, signal)

  test('ends with the generation, read once for all who wait', async () => {
    const watcher = watch()
    const id = await insert()
    const waits = Array.from({ length: 50 }, () =>
      waitForTerminal(watcher, { id, eventSequence: 0 }, { timeoutMs: NEVER_MS, signal }),
    )
    await cancel([id])
    listeners.get(id)?.()
    const rows = await Promise.all(waits)
    expect(new Set(rows).size).toBe(1)
    expect(rows[0]).toMatchObject({ id, status: 'canceled' })
    expect(listeners.has(id)).toBe(false)
  })

  test('ends without it when its time is over, when its caller hangs up, and when Postgres is away', async () => {
    const watcher = watch()
    const known = { id: await insert(), eventSequence: 0 }
    const wait = (timeoutMs: number, by = signal) =>
      waitForTerminal(watcher, known, { timeoutMs, signal: by })
    expect(await wait(1)).toBeUndefined()
    const caller = new AbortController()
    const abandoned = wait(NEVER_MS, caller.signal)
    caller.abort()
    expect(await abandoned).toBeUndefined()
    expect(await wait(NEVER_MS, caller.signal)).toBeUndefined()
    await proxy.cut()
    expect(await wait(NEVER_MS)).toBeUndefined()
    expect(listeners.has(known.id)).toBe(false)
  })
})
