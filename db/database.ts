import { CamelCasePlugin, Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { createNudges, setNudges, tellAfterCommit } from './nudges.ts'
import { readMoney } from './read-money.ts'
import type { Schema } from './schema.ts'
import { createSilenceWatch } from './silence.ts'
import {
  answerOrLeave,
  connectOrGiveUp,
  nameStatements,
  type QueryTiming,
  timeStatements,
} from './statements.ts'

export type Database = Kysely<Schema>

export type DatabaseOptions = {
  url: string
  poolSize: number
  /**
   * False where the address may be a pooler's that gives each transaction another connection to Postgres: nothing that lasts
   * longer than a transaction is used then, neither names of statements nor a timeout on Postgres's side.
   */
  keepsSession?: boolean
  /** Called with the errors of connections that break while idle; the pool replaces them by itself. */
  onIdleError: (error: Error) => void
  /** How long Postgres may work on a statement; the answer has a second more to arrive. */
  statementTimeoutMs?: number
  /**
   * Gives statements up as soon as Postgres has said nothing to this process for so long, for callers who need an answer
   * soon. Without it they are waited for until `statementTimeoutMs`.
   */
  silenceMs?: number | undefined
  /** Each called with every statement that was answered or failed. */
  onQuery?: readonly ((timing: QueryTiming) => void)[]
  /** Called with a way to count the pool's connections. */
  onPool?: ((count: () => PoolCounts) => void) | undefined
}

/** Connections in use and at rest, and how many wait for one. */
export type PoolCounts = { busy: number; idle: number; waiting: number }

const CONNECT_TIMEOUT_MS = 5_000
const STATEMENT_TIMEOUT_MS = 15_000
/** How long a Postgres that answers others may take for a statement when `silenceMs` is set. */
const PATIENCE_MS = 10_000

/**
 * A pool of connections and the query builder on it; connects on first use. Release with `db.destroy()`. Whatever is
 * asked of it rejects with `DatabaseAway` while Postgres is out of reach or silent, and must be safe to repeat.
 * Column names are snake_case in Postgres and camelCase here. What changes is told to all processes after its commit (`nudges.ts`);
 * `destroy` sends what is not told yet.
 */
export const createDatabase = ({
  url,
  poolSize,
  keepsSession = true,
  onIdleError,
  statementTimeoutMs = STATEMENT_TIMEOUT_MS,
  silenceMs,
  onQuery = [],
  onPool,
}: DatabaseOptions): Database => {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    // Not as a parameter of the connection, as poolers refuse those.
    ...(keepsSession && { onConnect: prepareSession(statementTimeoutMs) }),
    query_timeout: statementTimeoutMs + 1_000,
    keepAlive: true,
    application_name: 'imageonce',
  })
  const probe = silenceMs === undefined ? undefined : createProbe(url, silenceMs)
  const silence =
    silenceMs !== undefined && probe
      ? createSilenceWatch({ silenceMs, patienceMs: PATIENCE_MS, probe: probe.ask })
      : undefined
  pool.on('error', onIdleError)
  pool.on('connect', surviveErrors)
  pool.on('connect', answerOrLeave(silence))
  if (keepsSession) pool.on('connect', nameStatements)
  pool.on('connect', timeStatements(onQuery))
  onPool?.(() => ({
    busy: pool.totalCount - pool.idleCount,
    idle: pool.idleCount,
    waiting: pool.waitingCount,
  }))
  const connect = connectOrGiveUp(pool, silence)
  const nudges = createNudges(connect)
  const end = async () => {
    await nudges.flush()
    await Promise.all([pool.end(), probe?.end()])
  }
  const dialect = new PostgresDialect({ pool: { connect, end } })
  const createDriver = dialect.createDriver.bind(dialect)
  dialect.createDriver = () => tellAfterCommit(createDriver(), nudges)
  const db = new Kysely<Schema>({ dialect, plugins: [new CamelCasePlugin(), readMoney] })
  setNudges(db, nudges)
  return db
}

/**
 * No statement reads a table whole that grows, so none is planned that way: a plan that is kept from when a table was small would read all
 * of it when it is large (ADR 61). Without compiling, which a plan that is shunned seems worth. A pooler may have no connection to
 * Postgres left to answer this with.
 */
const prepareSession = (timeoutMs: number) => async (client: pg.ClientBase) => {
  const text = `set statement_timeout = ${timeoutMs}; set enable_seqscan = off; set jit = off`
  const settings = { text, query_timeout: CONNECT_TIMEOUT_MS }
  await client.query(settings)
}

/** A connection of its own for asking whether Postgres is there while the others are waited for; it rests closed. */
const createProbe = (url: string, timeoutMs: number) => {
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    application_name: 'imageonce',
  })
  pool.on('error', () => {})
  pool.on('connect', surviveErrors)
  return { ask: () => pool.query('select 1'), end: () => pool.end() }
}

/**
 * The pool listens to idle connections only, and an error that nobody listens to ends the process: one that breaks
 * between two statements of a transaction would. Its next statement fails anyway.
 */
const surviveErrors = (client: pg.PoolClient): void => {
  client.on('error', () => {})
}
