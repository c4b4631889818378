import { type CompiledQuery, type Kysely, type RawBuilder, sql } from 'kysely'
import type pg from 'pg'
import { isReadOnly, toDatabaseError } from './away.ts'
import type { Schema } from './schema.ts'
import type { SilenceWatch } from './silence.ts'

export type QueryTiming = { durationMs: number; isOk: boolean }

type Placeholders<Values extends readonly unknown[]> = {
  [Index in keyof Values]: RawBuilder<Values[Index]>
}

/**
 * A query that is built and compiled on its first use only, and planned once a connection: for the ones that every
 * request runs, building and planning cost more than running. `count` is the number of its values. It must name
 * its columns: a `*` would change its type with the next migration, under connections that are open.
 */
export const compileOnce = <Row, Values extends readonly unknown[]>(
  count: Values['length'],
  build: (db: Kysely<Schema>, ...values: Placeholders<Values>) => CompiledQuery<Row>,
) => {
  const markers = Array.from({ length: count }, (_, index) => `${MARKER}${index}`)
  let compiled: CompiledQuery<Row> | undefined
  return async (db: Kysely<Schema>, ...values: Values): Promise<Row[]> => {
    if (!compiled) {
      const placeholders = markers.map((marker) => sql`${marker}`)
      compiled = build(db, ...(placeholders as Placeholders<Values>))
      namesByText.set(compiled.sql, `imageonce_${namesByText.size}`)
    }
    const parameters = compiled.parameters.map((each) => {
      const index = markers.indexOf(each as string)
      return index < 0 ? each : values[index]
    })
    const { rows } = await db.executeQuery<Row>({ ...compiled, parameters })
    return rows
  }
}

/** Holds a value's place while the query is compiled; no value of ours contains a NUL. */
const MARKER = '\u0000value '

const namesByText = new Map<string, string>()

/** Postgres plans a statement that has a name once. Kysely has no word for the name, so the connection adds it. */
export const nameStatements = (client: pg.PoolClient): void => {
  const query = client.query.bind(client) as (...args: unknown[]) => unknown
  const queryByName = (text: unknown, values?: unknown, ...rest: unknown[]) => {
    const name = typeof text === 'string' ? namesByText.get(text) : undefined
    return name ? query({ name, text, values }) : query(text, values, ...rest)
  }
  client.query = queryByName as typeof client.query
}

/** A connection that comes after its caller has given up goes back to the pool. */
export const connectOrGiveUp = (pool: pg.Pool, silence: SilenceWatch | undefined) => {
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
 * sign, and the driver would give it to the next caller: it is closed instead. So is one to a server that lets nobody write,
 * as after a failover the same address leads to another.
 */
export const answerOrLeave =
  (silence: SilenceWatch | undefined) =>
  (client: pg.PoolClient): void => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown
    const leave = () => void (client as unknown as pg.Client).end().catch(() => {})
    const queryOrLeave = (...args: unknown[]) => {
      const result = query(...args)
      if (!(result instanceof Promise)) return result
      const answer = silence?.watch(result, leave) ?? result
      return answer.catch((error: Error) => {
        if (error.message === QUERY_TIMEOUT || isReadOnly(error)) leave()
        throw toDatabaseError(error)
      })
    }
    client.query = queryOrLeave as typeof client.query
  }

/** What node-postgres says at the end of `query_timeout`. */
const QUERY_TIMEOUT = 'Query read timeout'

/** Calls the listeners with every statement that was answered or failed; its caller does not wait for them. */
export const timeStatements =
  (listeners: readonly ((timing: QueryTiming) => void)[]) =>
  (client: pg.PoolClient): void => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown
    const queryWithTiming = (...args: unknown[]) => {
      const startedAt = performance.now()
      const result = query(...args)
      const end = (isOk: boolean) => {
        const timing = { durationMs: performance.now() - startedAt, isOk }
        for (const listen of listeners) listen(timing)
      }
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
