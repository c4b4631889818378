import {
  CamelCasePlugin,
  Kysely,
  type Migration,
  type MigrationResult,
  Migrator,
  PostgresDialect,
} from 'kysely'
import pg from 'pg'
import { StartError } from '../src/lib/errors.ts'
import * as generations from './migrations/0001-generations.ts'
import * as lostClaims from './migrations/0002-lost-claims.ts'
import * as upkeep from './migrations/0003-upkeep.ts'
import * as telemetry from './migrations/0004-telemetry.ts'
import * as savedItems from './migrations/0005-saved-items.ts'
import * as saveHooks from './migrations/0006-save-hooks.ts'
import * as webhooks from './migrations/0007-webhooks.ts'
import * as analytics from './migrations/0008-analytics.ts'
import * as operators from './migrations/0010-operators.ts'
import * as alerts from './migrations/0011-alerts.ts'
import * as similarity from './migrations/0012-similarity.ts'
import * as conditions from './migrations/0013-conditions.ts'
import * as neighbours from './migrations/0014-neighbours.ts'
import * as verdicts from './migrations/0015-verdicts.ts'
import * as deadlinesAndHolds from './migrations/0016-deadlines-and-holds.ts'
import * as inputs from './migrations/0017-inputs.ts'
import * as installation from './migrations/0021-installation.ts'
import * as deletedObjects from './migrations/0022-deleted-objects.ts'
import * as access from './migrations/0023-access.ts'
import * as spending from './migrations/0024-spending.ts'
import * as rateCounts from './migrations/0025-rate-counts.ts'
import * as erasures from './migrations/0026-erasures.ts'
import * as retention from './migrations/0027-retention.ts'

/** Applied in this order, each once. A new one goes at the end; none is ever edited. */
const migrations = {
  '0001-generations': generations,
  '0002-lost-claims': lostClaims,
  '0003-upkeep': upkeep,
  '0004-telemetry': telemetry,
  '0005-saved-items': savedItems,
  '0006-save-hooks': saveHooks,
  '0007-webhooks': webhooks,
  '0008-analytics': analytics,
  '0010-operators': operators,
  '0011-alerts': alerts,
  '0012-similarity': similarity,
  '0013-conditions': conditions,
  '0014-neighbours': neighbours,
  '0015-verdicts': verdicts,
  '0016-deadlines-and-holds': deadlinesAndHolds,
  '0017-inputs': inputs,
  '0021-installation': installation,
  '0022-deleted-objects': deletedObjects,
  '0023-access': access,
  '0024-spending': spending,
  '0025-rate-counts': rateCounts,
  '0026-erasures': erasures,
  '0027-retention': retention,
}

const MIN_SERVER_VERSION = 140_000

/**
 * Brings a database to the newest schema and returns the migrations that were applied now.
 * Safe to run from several processes at once: Kysely's migrator takes a lock.
 */
export const migrateToLatest = (databaseUrl: string): Promise<string[]> =>
  withMigrator(databaseUrl, async (migrator, pool) => {
    await assertServerVersion(pool)
    const { error, results } = await migrator.migrateToLatest()
    if (error) throw error
    return (results ?? []).filter(isApplied).map(({ migrationName }) => migrationName)
  })

/** The migrations that this database still lacks; changes nothing. */
export const findPendingMigrations = (databaseUrl: string): Promise<string[]> =>
  withMigrator(databaseUrl, async (migrator) =>
    (await migrator.getMigrations())
      .filter(({ executedAt }) => executedAt === undefined)
      .map(({ name }) => name),
  )

const withMigrator = async <T>(
  databaseUrl: string,
  use: (migrator: Migrator, pool: pg.Pool) => Promise<T>,
): Promise<T> => {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 })
  const db = new Kysely<unknown>({
    dialect: new PostgresDialect({ pool }),
    plugins: [new CamelCasePlugin()],
  })
  const getMigrations = async () => ({ ...migrations, ...(await findLaterMigrations(pool)) })
  try {
    return await use(new Migrator({ db, provider: { getMigrations } }), pool)
  } finally {
    await db.destroy()
  }
}

/**
 * Those that a later release has applied. Kysely refuses a database with migrations that it does not know, and a release
 * that is rolled back would not start; its schema is one that this release survives.
 */
const findLaterMigrations = async (pool: pg.Pool): Promise<Record<string, Migration>> => {
  const { rows: tables } = await pool.query("select to_regclass('kysely_migration') as name")
  if (!tables[0]?.name) return {}
  const newest = Object.keys(migrations).at(-1)
  const { rows } = await pool.query<{ name: string }>(
    'select name from kysely_migration where name collate "C" > $1',
    [newest],
  )
  return Object.fromEntries(rows.map(({ name }) => [name, { up: async () => {} }]))
}

const isApplied = (result: MigrationResult) => result.status === 'Success'

const assertServerVersion = async (pool: pg.Pool) => {
  const { rows } = await pool.query<{ server_version_num: string }>('show server_version_num')
  const version = Number(rows[0]?.server_version_num)
  if (version < MIN_SERVER_VERSION) {
    throw new StartError(
      `Postgres 14 or later is needed, this server is ${Math.floor(version / 10_000)}`,
    )
  }
}
