import pg from 'pg'
import { createDatabase } from '../db/database.ts'
import { claimGeneration, completeByReuse } from '../src/generation/state/transitions.ts'
import { insertGeneration, insertSuccess } from '../test/support/rows.ts'
import { printAim } from './report.ts'
import type { Services } from './services.ts'

const WRITERS = 32
const EACH = 60
const MAX_FLUSHES_MORE = 0.15

/**
 * How often Postgres flushes its log to the disk for a change of a generation, with 32 who claim and complete at once; beside it
 * as many plain updates of one row each, which tell nobody.
 */
export const measureTransitions = async ({ databaseUrl: url }: Services, client: pg.Client) => {
  await client.query("insert into users (id) values ('alice') on conflict do nothing")
  const seeding = createDatabase({ url, poolSize: WRITERS, onIdleError: console.error })
  const made = await insertSuccess(seeding)
  const ids = await Promise.all(
    Array.from({ length: WRITERS * EACH }, async () => (await insertGeneration(seeding)).id),
  )
  // Connections tell what they have counted when they end.
  await seeding.destroy()
  await change(url, made.id, ids.slice(0, WRITERS))
  const plain = await measure(client, () => updatePlainly(url, ids))
  const ours = await measure(client, () => change(url, made.id, ids.slice(WRITERS)))
  const more = ours.flushes - plain.flushes
  console.log(`\nClaim and complete, ${WRITERS} writers, ${ours.count} changes`)
  printAim(
    `  flushes a change  ${ours.flushes.toFixed(3)}, plain updates ${plain.flushes.toFixed(3)}, aim ${MAX_FLUSHES_MORE} more at most`,
    more <= MAX_FLUSHES_MORE,
  )
  console.log(
    `  bytes a change    ${ours.bytes.toFixed(0)}, plain updates ${plain.bytes.toFixed(0)}`,
  )
  console.log(
    `  changes/s         ${ours.perSecond.toFixed(0)}, plain ${plain.perSecond.toFixed(0)}`,
  )
}

const measure = async (client: pg.Client, work: () => Promise<number>) => {
  const before = await readWal(client)
  const startedAt = performance.now()
  const count = await work()
  const seconds = (performance.now() - startedAt) / 1_000
  const after = await readWal(client)
  return {
    count,
    flushes: (after.flushes - before.flushes) / count,
    bytes: (after.bytes - before.bytes) / count,
    perSecond: count / seconds,
  }
}

const change = async (url: string, imageId: string, ids: readonly string[]): Promise<number> => {
  const db = createDatabase({ url, poolSize: WRITERS, onIdleError: console.error })
  const options = { workerId: 'bench', leaseMs: 60_000, account: 'one' }
  const giveUpMs = { interactive: 60_000, eager: 60_000 }
  await writeAll(ids, async (id) => {
    const claim = await claimGeneration(db, id, { ...options, giveUpMs })
    const completed = claim && (await completeByReuse(db, claim, { imageId, source: 'exact' }))
    if (!completed) throw new Error('a generation was not completed')
  })
  await db.destroy()
  return 2 * ids.length
}

const updatePlainly = async (url: string, ids: readonly string[]): Promise<number> => {
  const pool = new pg.Pool({ connectionString: url, max: WRITERS })
  const update = 'update generations set prompt = prompt where id = $1'
  await writeAll(ids, async (id) => {
    await pool.query(update, [id])
    await pool.query(update, [id])
  })
  await pool.end()
  return 2 * ids.length
}

const writeAll = async (ids: readonly string[], write: (id: string) => Promise<void>) => {
  const left = [...ids]
  const writeNext = async (): Promise<void> => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) await write(id)
  }
  await Promise.all(Array.from({ length: WRITERS }, writeNext))
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
