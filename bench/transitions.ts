import type pg from 'pg'
import { createDatabase } from '../db/database.ts'
import { claimGeneration, completeByReuse } from '../src/generation/state/transitions.ts'
import { insertGeneration, insertSuccess } from '../test/support/rows.ts'
import { printAim } from './report.ts'
import type { Services } from './services.ts'

const WRITERS = 32
const EACH = 60
const MAX_FLUSHES = 0.15

/** How often Postgres flushes its log to the disk for a change of a generation, with 32 who claim and complete at once. */
export const measureTransitions = async ({ databaseUrl: url }: Services, client: pg.Client) => {
  await client.query("insert into users (id) values ('alice') on conflict do nothing")
  const seeding = createDatabase({ url, poolSize: WRITERS, onIdleError: console.error })
  const made = await insertSuccess(seeding)
  const ids = await Promise.all(
    Array.from({ length: WRITERS * EACH }, async () => (await insertGeneration(seeding)).id),
  )
  // Connections tell what they have counted when they end.
  await seeding.destroy()
  await run(url, made.id, ids.splice(0, WRITERS))
  const before = await readWal(client)
  const startedAt = performance.now()
  const count = await run(url, made.id, ids)
  const seconds = (performance.now() - startedAt) / 1_000
  const after = await readWal(client)
  const flushes = (after.flushes - before.flushes) / count
  console.log(`\nClaim and complete, ${WRITERS} writers, ${count} changes`)
  printAim(
    `  flushes a change  ${flushes.toFixed(3)}, aim ${MAX_FLUSHES} at most`,
    flushes <= MAX_FLUSHES,
  )
  console.log(`  bytes a change    ${((after.bytes - before.bytes) / count).toFixed(0)}`)
  console.log(`  changes/s         ${(count / seconds).toFixed(0)}`)
}

const run = async (url: string, imageId: string, ids: readonly string[]): Promise<number> => {
  const db = createDatabase({ url, poolSize: WRITERS, onIdleError: console.error })
  const options = { workerId: 'bench', leaseMs: 60_000, account: 'one' }
  const giveUpMs = { interactive: 60_000, eager: 60_000 }
  const left = [...ids]
  const write = async (): Promise<void> => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) {
      const claim = await claimGeneration(db, id, { ...options, giveUpMs })
      const completed = claim && (await completeByReuse(db, claim, { imageId, source: 'exact' }))
      if (!completed) throw new Error('a generation was not completed')
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, write))
  await db.destroy()
  return 2 * ids.length
}

/** As Postgres 18 counts it. */
const readWal = async (client: pg.Client): Promise<{ flushes: number; bytes: number }> => {
  const { rows } = await client.query<{ flushes: number; bytes: number }>(
    `select (select sum(fsyncs)::float8 from pg_stat_io where object = 'wal') as flushes,
      wal_bytes::float8 as bytes from pg_stat_wal`,
  )
  if (!rows[0]) throw new Error('Postgres counts nothing')
  return rows[0]
}
