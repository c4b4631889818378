import { type DatabaseConnection, type Driver, type Kysely, sql, type Transaction } from 'kysely'
import type pg from 'pg'
import { createGatherer, type Gatherer } from '../src/lib/gather.ts'
import type { Schema } from './schema.ts'

/** The NOTIFY channel; its payload is the id of a generation that changed, or a word of `channel.ts`, and nothing else. */
export const GENERATION_CHANNEL = 'imageonce_generation'

/** Long enough for the commits of one moment, too short to be waited for. */
const GATHER_MS = 5

/**
 * One transaction for all of them, which waits for no disk. `NOTIFY` takes a lock on the whole of Postgres until its transaction has
 * reached the disk: in each change's own transaction it would have them go to the disk one by one.
 */
const NOTIFY = `
  select set_config('synchronous_commit', 'off', true), pg_notify('${GENERATION_CHANNEL}', name)
  from unnest($1::text[]) as name`

/** What the changes of a transaction are to tell once it is committed. */
const untold = new WeakMap<DatabaseConnection, Set<string>>()
const gatherers = new WeakMap<object, Gatherer>()

/**
 * Tells all processes that something named so has changed: in a transaction after its commit, else within milliseconds. A hint that may
 * be lost: who must know looks by itself, too.
 */
export const nudge = async (db: Kysely<Schema>, names: readonly string[]): Promise<void> => {
  if (names.length === 0) return
  if (!db.isTransaction) return gathererOf(db).gather(names)
  await db.getExecutor().provideConnection(async (connection) => {
    const ofTransaction = untold.get(connection) ?? new Set()
    untold.set(connection, ofTransaction)
    for (const name of names) ofTransaction.add(name)
  })
}

/**
 * The same by the transaction's own commit, for what must be known everywhere though this process end at that moment. Rare things
 * alone: others' nudges wait meanwhile.
 */
export const nudgeWithCommit = async (tx: Transaction<Schema>, name: string): Promise<void> => {
  await sql`select pg_notify(${GENERATION_CHANNEL}, ${name})`.execute(tx)
}

const gathererOf = (db: object): Gatherer => {
  const gatherer = gatherers.get(db)
  if (!gatherer) throw new TypeError('nudges need a database of createDatabase, or its transaction')
  return gatherer
}

/** Sends nudges over connections of their own. One that can't be sent is lost. */
export const createNudges = (connect: () => Promise<pg.PoolClient>): Gatherer => {
  const send = async (names: string[]) => {
    const client = await connect()
    try {
      await client.query(NOTIFY, [names])
    } finally {
      client.release()
    }
  }
  return createGatherer(send, { gatherMs: GATHER_MS })
}

/** Has the nudges of a database sent by these. */
export const setNudges = (db: Kysely<Schema>, nudges: Gatherer): void => {
  gatherers.set(db, nudges)
}

/** What a transaction is to tell is told after its commit, and forgotten where it is rolled back. */
export const tellAfterCommit = (driver: Driver, { gather }: Gatherer): Driver => {
  const commit = driver.commitTransaction.bind(driver)
  const rollback = driver.rollbackTransaction.bind(driver)
  driver.commitTransaction = async (connection) => {
    await commit(connection)
    gather(untold.get(connection) ?? [])
    untold.delete(connection)
  }
  driver.rollbackTransaction = (connection) => {
    untold.delete(connection)
    return rollback(connection)
  }
  return driver
}
