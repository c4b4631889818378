import pg from 'pg'
import { startEmbeddedPostgres } from '../../db/embedded/embedded-postgres.ts'
import { migrateToLatest } from '../../db/migrate.ts'
import { makeTemporaryFolder } from './temporary-folder.ts'

/** What something asked of Postgres, each time that it was done. */
export type Counts = {
  statements: number
  /** How many of them were planned anew. */
  plans: number
  /** Pages of 8 KiB that were looked at, in memory or not. */
  blocks: number
  /** What went into the write-ahead log, whole pages after a checkpoint aside. */
  walBytes: number
  /** What Postgres took to plan and run the statements. */
  postgresMs: number
}

/** Nothing writes by itself, and no page is logged as a whole, so that what is counted is the same each time. */
const SETTINGS = {
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track_planning': 'on',
  autovacuum: 'off',
  full_page_writes: 'off',
  checkpoint_timeout: '1d',
  max_wal_size: '100GB',
  fsync: 'off',
  jit: 'off',
}

export type CountedPostgres = Awaited<ReturnType<typeof startCountedPostgres>>

/** A Postgres of its own with a migrated database in which nobody else does anything. Release with `stop`. */
export const startCountedPostgres = async (settings: Record<string, string> = {}) => {
  const folder = await makeTemporaryFolder('counted')
  const postgres = await startEmbeddedPostgres({
    dataDir: folder.path,
    settings: { ...SETTINGS, ...settings },
  })
  await migrateToLatest(postgres.databaseUrl)
  const counter = new pg.Client({ connectionString: inDatabase(postgres.databaseUrl, 'postgres') })
  await counter.connect()
  await counter.query('create extension if not exists pg_stat_statements')
  const name = new URL(postgres.databaseUrl).pathname.slice(1)

  const readWal = async (): Promise<number> => {
    const { rows } = await counter.query(
      "select (pg_current_wal_insert_lsn() - '0/0')::float8 as bytes",
    )
    return rows[0].bytes
  }

  /**
   * Does something so many times, and says what one time took: of the log the median, of the rest the mean. Nudges are left out, as
   * one statement sends those of a few milliseconds.
   */
  const count = async (times: number, run: () => Promise<unknown>): Promise<Counts> => {
    await counter.query('select pg_stat_statements_reset()')
    const wal: number[] = []
    for (let n = 0; n < times; n++) {
      const before = await readWal()
      await run()
      wal.push((await readWal()) - before)
    }
    const { rows } = await counter.query(
      `select coalesce(sum(calls) filter (where query !~* '^(begin|commit|set|deallocate)'), 0)::float8 as statements,
        coalesce(sum(plans), 0)::float8 as plans, coalesce(sum(shared_blks_hit + shared_blks_read), 0)::float8 as blocks,
        coalesce(sum(total_exec_time + total_plan_time), 0) as ms
      from pg_stat_statements join pg_database on pg_database.oid = dbid
      where datname = $1 and query not like '%pg_notify%'`,
      [name],
    )
    const [{ statements, plans, blocks, ms }] = rows
    const walBytes = wal.sort((a, b) => a - b)[Math.floor(wal.length / 2)] ?? 0
    return {
      statements: statements / times,
      plans: plans / times,
      blocks: blocks / times,
      walBytes,
      postgresMs: ms / times,
    }
  }

  const stop = async (): Promise<void> => {
    await counter.end()
    await postgres.stop()
    await folder.remove()
  }
  return { url: postgres.databaseUrl, count, stop }
}

const inDatabase = (url: string, name: string): string => {
  const other = new URL(url)
  other.pathname = `/${name}`
  return other.href
}
