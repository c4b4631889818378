import { CamelCasePlugin, Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { toDatabaseError } from './away.ts'
import type { Schema } from './schema.ts'
import { createSilenceWatch, type SilenceWatch } from './silence.ts'

export type Database = Kysely<Schema>

export type DatabaseOptions = {
  url: string
  poolSize: number
  /** Told of connections that break while idle; the pool replaces them by itself. */
  onIdleError: (error: Error) => void
  /** How long Postgres may work on a statement; the answer has a second more to arrive. */
  statementTimeoutMs?: number
  /**
   * Gives statements up as soon as Postgres has said nothing to this process for so long, for callers who need an answer
   * soon. Without it they are waited for until `statementTimeoutMs`.
   */
  silenceMs?: number | undefined
  /** Told of every statement that was answered or failed. */
  onQuery?: ((timing: QueryTiming) => void) | undefined
  /** Given a way to count the pool's connections. */
  onPool?: ((count: () => PoolCounts) => void) | undefined
}

export type QueryTiming = { durationMs: number; isOk: boolean }

/** Connections in use and at rest, and how many wait for one. */
export type PoolCounts = { busy: number; idle: number; waiting: number }

const CONNECT_TIMEOUT_MS = 5_000
const STATEMENT_TIMEOUT_MS = 15_000
/** How long a Postgres that answers others may take for a statement when `silenceMs` is set. */
const PATIENCE_MS = 10_000

/**
 * A pool of connections and the query builder on it; connects on first use. Release with `db.destroy()`. Whatever is
 * asked of it rejects with `DatabaseAway` while Postgres is out of reach or silent, and must be safe to repeat.
 * Column names are snake_case in Postgres and camelCase here.
 */
export const createDatabase = ({
  url,
  poolSize,
  onIdleError,
  statementTimeoutMs = STATEMENT_TIMEOUT_MS,
  silenceMs,
  onQuery,
  onPool,
}: DatabaseOptions): Database => {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
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
  pool.on('connect', nameStatements)
  if (onQuery) pool.on('connect', timeQueries(onQuery))
  onPool?.(() => ({
    busy: pool.totalCount - pool.idleCount,
    idle: pool.idleCount,
    waiting: pool.waitingCount,
  }))
  const connect = connectOrGiveUp(pool, silence)
  const end = async () => {
    await Promise.all([pool.end(), probe?.end()])
  }
  return new Kysely<Schema>({
    dialect: new PostgresDialect({ pool: { connect, end } }),
    plugins: [new CamelCasePlugin()],
  })
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

/** A connection that comes after its caller has given up goes back to the pool. */
const connectOrGiveUp = (pool: pg.Pool, silence: SilenceWatch | undefined) => {
  // A new connection is heard of; one that was at rest tells nothing.
  if (silence) pool.on('connect', silence.hear)
  return async (): Promise<pg.PoolClient> => {
    const connecting = pool.connect()
    const giveBack = () =>
      void connecting.then(
        (client) => client.release(),
        () => {},
      )
    try {
      return await (silence?.watch(connecting, giveBack, { isLocal: true }) ?? connecting)
    } catch (error) {
      throw toDatabaseError(error)
    }
  }
}

/**
 * A connection whose statement is given up goes on waiting for its answer, for ever when the other end is gone without a
 * word, and the driver would give it to the next caller: it is closed instead.
 */
const answerOrLeave =
  (silence: SilenceWatch | undefined) =>
  (client: pg.PoolClient): void => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown
    const leave = () => void (client as unknown as pg.Client).end().catch(() => {})
    const queryOrLeave = (...args: unknown[]) => {
      const result = query(...args)
      if (!(result instanceof Promise)) return result
      const answer = silence?.watch(result, leave) ?? result
      return answer.catch((error: Error) => {
        if (error.message === QUERY_TIMEOUT) leave()
        throw toDatabaseError(error)
      })
    }
    client.query = queryOrLeave as typeof client.query
  }

/** What node-postgres says at the end of `query_timeout`. */
const QUERY_TIMEOUT = 'Query read timeout'

const namesByText = new Map<string, string>()

/**
 * Lets Postgres plan a statement once a connection instead of each time it runs. Its result must name every column:
 * a `*` would change its type with the next migration, under connections that are open.
 */
export const prepareStatement = (text: string): void => {
  if (!namesByText.has(text)) namesByText.set(text, `imageonce_${namesByText.size}`)
}

/** Kysely has no word for a statement's name, so the client adds it. */
const nameStatements = (client: pg.PoolClient): void => {
  const query = client.query.bind(client) as (...args: unknown[]) => unknown
  const queryByName = (text: unknown, values?: unknown, ...rest: unknown[]) => {
    const name = typeof text === 'string' ? namesByText.get(text) : undefined
    return name ? query({ name, text, values }) : query(text, values, ...rest)
  }
  client.query = queryByName as typeof client.query
}

/** Listens to an answer that somebody else waits for: nothing waits for the listener. */
const timeQueries =
  (onQuery: (timing: QueryTiming) => void) =>
  (client: pg.PoolClient): void => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown
    const queryWithTiming = (...args: unknown[]) => {
      const startedAt = performance.now()
      const result = query(...args)
      const end = (isOk: boolean) => onQuery({ durationMs: performance.now() - startedAt, isOk })
      if (result instanceof Promise) {
        result.then(
          () => end(true),
          () => end(false),
        )
      }
      return result
    }
    client.query = queryWithTiming as typeof client.query
  }
