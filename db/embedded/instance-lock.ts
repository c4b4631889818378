import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { messageOf } from '../../src/lib/errors.ts'
import type { OpenServer } from './connect.ts'

/** Any number; only we lock anything in the database `postgres`. */
const LOCK_KEY = 1_869_505_381
/** A process that is about to end lets go within this. */
const PATIENCE_MS = 2_000
const POLL_MS = 50

export type LockOutcome = 'taken' | 'server gone' | { holderPid: string }

/**
 * Makes this process the only one that uses the cluster, for as long as the connection lives. The lock
 * belongs to the connection, so it ends with a killed process.
 */
export const takeLock = async (client: pg.Client): Promise<LockOutcome> => {
  const deadline = Date.now() + PATIENCE_MS
  try {
    for (;;) {
      const { rows } = await client.query('select pg_try_advisory_lock($1) as taken', [LOCK_KEY])
      if (rows[0].taken) return 'taken'
      if (Date.now() > deadline) return { holderPid: await findHolder(client) }
      await delay(POLL_MS)
    }
  } catch {
    return 'server gone'
  }
}

const findHolder = async (client: pg.Client): Promise<string> => {
  const { rows } = await client.query<{ name: string }>(
    `select a.application_name as name from pg_locks l join pg_stat_activity a using (pid)
     where l.locktype = 'advisory' and l.granted and l.objid = $1`,
    [LOCK_KEY],
  )
  return rows[0]?.name.replace('imageonce:', '') ?? 'unknown'
}

export type LockWatch = { isLost(): boolean; end(): void }

/** Calls `onLost` once when the connection ends before the watch does. */
export const watchLock = ({ client }: OpenServer, onLost: (error: Error) => void): LockWatch => {
  let isLost = false
  let isOver = false
  let cause: unknown
  client.on('error', (error) => {
    cause ??= error
  })
  client.on('end', () => {
    if (isOver) return
    isLost = true
    const message = `The embedded Postgres went away: ${messageOf(cause ?? 'its connection ended')}`
    onLost(new Error(message, { cause }))
  })
  return {
    isLost: () => isLost,
    end: () => {
      isOver = true
    },
  }
}
