import type pg from 'pg'
import { createDatabase } from '../db/database.ts'
import { setNudges } from '../db/nudges.ts'
import { claimGeneration, completeByReuse } from '../src/generation/state/transitions.ts'
import { insertGeneration, insertSuccess } from '../test/support/rows.ts'
import { printAim } from './report.ts'
import type { Services } from './services.ts'

const WRITERS = 32
const EACH = 60
const ROUNDS = 4
const MAX_FLUSHES_MORE = 0.15

/**
 * How often Postgres flushes its log to the disk for a change of a generation, with 32 who claim and complete at once; in turns with the
 * same changes of which nobody is told. How many commits share a flush is the machine's affair: nudges should add nothing.
 */
export const measureTransitions = async ({ databaseUrl: url }: Services, client: pg.Client) => {
  await client.query("insert into users (id) values ('alice') on conflict do nothing")
  const seeding = createDatabase({ url, poolSize: WRITERS, onIdleError: console.error })
  const { id: imageId } = await insertSuccess(seeding)
  const measured: Record<'told' | 'untold', Measured[]> = { told: [], untold: [] }
  for (let round = 0; round <= 2 * ROUNDS; round++) {
    const ids = await Promise.all(
      Array.from({ length: WRITERS * EACH }, async () => (await insertGeneration(seeding)).id),
    )
    const kind = round % 2 === 0 ? 'told' : 'untold'
    const result = await measure(client, () => change(url, imageId, ids, kind === 'told'))
    // The first one warms up.
    if (round > 0) measured[kind].push(result)
  }
  await seeding.destroy()
  const [told, untold] = [sumUp(measured.told), sumUp(measured.untold)]
  console.log(`\nClaim and complete, ${WRITERS} writers, ${told.count} changes`)
  const text = `  flushes a change  ${told.flushes.toFixed(3)}, with nobody told ${untold.flushes.toFixed(3)}`
  printAim(
    `${text}, aim ${MAX_FLUSHES_MORE} more at most`,
    told.flushes - untold.flushes <= MAX_FLUSHES_MORE,
  )
  console.log(`  bytes a change    ${told.bytes.toFixed(0)}, ${untold.bytes.toFixed(0)}`)
  console.log(`  changes/s         ${told.perSecond.toFixed(0)}, ${untold.perSecond.toFixed(0)}`)
}

type Measured = { count: number; flushes: number; bytes: number; seconds: number }

const sumUp = (all: readonly Measured[]) => {
  const sum = (field: keyof Measured) => all.reduce((total, each) => total + each[field], 0)
  const count = sum('count')
  return {
    count,
    flushes: sum('flushes') / count,
    bytes: sum('bytes') / count,
    perSecond: count / sum('seconds'),
  }
}

const measure = async (client: pg.Client, work: () => Promise<number>): Promise<Measured> => {
  const before = await readWal(client)
  const startedAt = performance.now()
  const count = await work()
  const seconds = (performance.now() - startedAt) / 1_000
  const after = await readWal(client)
  return {
    count,
    seconds,
    flushes: after.flushes - before.flushes,
    bytes: after.bytes - before.bytes,
  }
}

const change = async (
  url: string,
  imageId: string,
  ids: readonly string[],
  isTold: boolean,
): Promise<number> => {
  const db = createDatabase({ url, poolSize: WRITERS, onIdleError: console.error })
  if (!isTold) setNudges(db, { gather: () => {}, flush: async () => {} })
  const options = { workerId: 'bench', leaseMs: 60_000, accounts: {} }
  const giveUpMs = { interactive: 60_000, eager: 60_000 }
  await writeAll(ids, async (id) => {
    const claim = await claimGeneration(db, id, { ...options, giveUpMs })
    const completed = claim && (await completeByReuse(db, claim, { imageId, source: 'exact' }))
    if (!completed) throw new Error('a generation was not completed')
  })
  // Connections tell what they have counted when they end.
  await db.destroy()
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
