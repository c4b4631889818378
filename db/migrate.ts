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
import { inTurn } from './in-turn.ts'
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
import * as lighterWrites from './migrations/0029-lighter-writes.ts'
import * as requestDetails from './migrations/0030-request-details.ts'
import * as gatewayCalls from './migrations/0031-gateway-calls.ts'
import * as parallelCalls from './migrations/0032-parallel-calls.ts'
import * as requestWebhooks from './migrations/0033-request-webhooks.ts'
import * as callReceipts from './migrations/0035-call-receipts.ts'
import * as nanoDollars from './migrations/0036-nano-dollars.ts'
import * as nanoDollarsOfChecks from './migrations/0037-nano-dollars-of-checks.ts'
import * as tiers from './migrations/0038-tiers.ts'
import * as batches from './migrations/0039-batches.ts'
import * as calledModels from './migrations/0040-called-models.ts'
import * as books from './migrations/0041-books.ts'
import * as judge from './migrations/0042-judge.ts'
import * as upstreamKeys from './migrations/0043-upstream-keys.ts'
import * as whoPaysLater from './migrations/0044-who-pays-later.ts'
import * as answers from './migrations/0045-answers.ts'
import * as promptWords from './migrations/0046-prompt-words.ts'

/**
 * `isOnline`: runs outside a transaction, as it holds up nobody that way; one that is cut off is begun again, so it must be safe
 * to repeat.
 */
type KnownMigration = Migration & { isOnline?: boolean }

/** Applied in this order, each once. A new one goes at the end; none is ever edited. */
const migrations: Record<string, KnownMigration> = {
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
  '0029-lighter-writes': lighterWrites,
  '0030-request-details': requestDetails,
  '0031-gateway-calls': gatewayCalls,
  '0032-parallel-calls': parallelCalls,
  '0033-request-webhooks': requestWebhooks,
  '0035-call-receipts': callReceipts,
  '0036-nano-dollars': nanoDollars,
  '0037-nano-dollars-of-checks': nanoDollarsOfChecks,
  '0038-tiers': tiers,
  '0039-batches': batches,
  '0040-called-models': calledModels,
  '0041-books': books,
  '0042-judge': judge,
  '0043-upstream-keys': upstreamKeys,
  '0044-who-pays-later': whoPaysLater,
  '0045-answers': answers,
  '0046-prompt-words': promptWords,
}

const MIN_SERVER_VERSION = 140_000

/**
 * Brings a database to the newest schema and returns the migrations that were applied now.
 * Safe to run from several processes at once: one migrates, the others wait.
 */
export const migrateToLatest = (databaseUrl: string): Promise<string[]> =>
  withDatabase(databaseUrl, async (db, pool) => {
    await assertServerVersion(pool)
    return inTurn(pool, async () => {
      const applied: string[] = []
      for (const { names, isOnline } of listParts()) {
        const migrator = createMigrator(db, pool, names, isOnline)
        const { error, results } = await migrator.migrateToLatest()
        if (error) throw error
        applied.push(...(results ?? []).filter(isApplied).map((result) => result.migrationName))
      }
      return applied
    })
  })

/** The migrations that this database still lacks; changes nothing. */
export const findPendingMigrations = (databaseUrl: string): Promise<string[]> =>
  withDatabase(databaseUrl, async (db, pool) =>
    (await createMigrator(db, pool, Object.keys(migrations)).getMigrations())
      .filter(({ executedAt }) => executedAt === undefined)
      .map(({ name }) => name),
  )

/**
 * Up to where the migrations run in one transaction, up to where outside of one, and so on. Each part has those before it too, as
 * what was applied must be known.
 */
const listParts = (): { names: string[]; isOnline: boolean }[] => {
  const all = Object.entries(migrations)
  const kinds = all.map(([, { isOnline = false }]) => isOnline)
  return kinds.flatMap((isOnline, index) =>
    isOnline === kinds[index + 1]
      ? []
      : [{ names: all.slice(0, index + 1).map(([name]) => name), isOnline }],
  )
}

/** One for the turn, one for the migrations and one for what is read meanwhile. */
const POOL_SIZE = 3

const withDatabase = async <T>(
  databaseUrl: string,
  use: (db: Kysely<unknown>, pool: pg.Pool) => Promise<T>,
): Promise<T> => {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: POOL_SIZE })
  const db = new Kysely<unknown>({
    dialect: new PostgresDialect({ pool }),
    plugins: [new CamelCasePlugin()],
  })
  try {
    return await use(db, pool)
  } finally {
    await db.destroy()
  }
}

const createMigrator = (
  db: Kysely<unknown>,
  pool: pg.Pool,
  names: readonly string[],
  isOnline = false,
): Migrator => {
  const getMigrations = async () => ({
    ...Object.fromEntries(Object.entries(migrations).filter(([name]) => names.includes(name))),
    ...(await findLaterMigrations(pool, names.at(-1))),
  })
  return new Migrator({ db, provider: { getMigrations }, disableTransactions: isOnline })
}

/**
 * Those that were applied behind `newest`, by this release or a later one. Kysely refuses a database with migrations that it does
 * not know, and a release that is rolled back would not start; its schema is one that this release survives.
 */
const findLaterMigrations = async (
  pool: pg.Pool,
  newest: string | undefined,
): Promise<Record<string, Migration>> => {
  const { rows: tables } = await pool.query("select to_regclass('kysely_migration') as name")
  if (!tables[0]?.name) return {}
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
