import type { PgPool } from 'bullmq'
import pg from 'pg'
import { waitAtMost } from '../../lib/time.ts'
import { CLOSE_MS } from './backend.ts'

/** Where BullMQ keeps its tables. */
const SCHEMA = 'bullmq'

const IDLE_MS = 2_000

/** Of a server that lets nobody write (PostgreSQL manual, appendix A). */
const READ_ONLY = '25006'

/**
 * A connection whose end does not end the process. A pool listens to errors of connections at rest alone, and BullMQ to none of
 * those that it has taken out: one that Postgres closes between two statements would be an unhandled error. The next
 * statement fails anyway. One to a server that lets nobody write ends, as after a failover the same address leads to another.
 */
export class SurvivingClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config)
    this.on('error', () => {})
    this.connection.on('errorMessage', ({ code }) => {
      if (code === READ_ONLY) setImmediate(() => this.leave())
    })
  }

  /** Told as an error, or BullMQ would go on with the connection that it listens on. */
  private leave(): void {
    this.end().catch(() => {})
    this.emit('error', new Error('the server lets nobody write'))
  }
}

/**
 * Connections for BullMQ, which would make its own with a parameter that poolers refuse. Release with `end`, which does not wait
 * for a Postgres that is frozen. `max`: one of them is for LISTEN where jobs are waited for.
 */
export const createQueuePool = (url: string, options: pg.PoolConfig) => {
  const pool = new pg.Pool({
    connectionString: url,
    Client: SurvivingClient,
    keepAlive: true,
    // A pooler that keeps sessions has few of them, and these are many pools.
    idleTimeoutMillis: IDLE_MS,
    application_name: 'imageonce queue',
    ...options,
    onConnect: async (client) => {
      await client.query(`set search_path to ${SCHEMA}`)
    },
  })
  const end = async (): Promise<void> => {
    if (!pool.ending) await waitAtMost(pool.end(), CLOSE_MS)
  }
  // BullMQ's own type of it knows no callbacks.
  return { connection: pool as unknown as PgPool, end }
}
