import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'

/** Any number that nobody else locks by. */
const TURN = 7_261_094_518
const LOOK_AGAIN_MS = 50

/**
 * Runs `work` while no other process does, and waits for one that is at it, however long that takes. It asks again and again instead
 * of waiting in Postgres: a statement that waits keeps a snapshot, and an index that is made concurrently waits for all of those.
 */
export const inTurn = async <T>(pool: pg.Pool, work: () => Promise<T>): Promise<T> => {
  const client = await pool.connect()
  let error: Error | undefined
  // One that breaks meanwhile has let its turn go; what `work` does is safe to repeat.
  const onError = (broken: Error) => (error = broken)
  client.on('error', onError)
  try {
    while (!(await take(client))) await delay(LOOK_AGAIN_MS)
    return await work()
  } finally {
    await client.query('select pg_advisory_unlock($1)', [TURN]).catch(onError)
    client.off('error', onError)
    client.release(error)
  }
}

const take = async (client: pg.PoolClient): Promise<boolean> => {
  const { rows } = await client.query('select pg_try_advisory_lock($1) as is_taken', [TURN])
  return rows[0]?.is_taken === true
}
