import pg from 'pg'
import { GENERATION_CHANNEL } from '../../../db/nudges.ts'

type Listener = () => void

export type GenerationEvents = ReturnType<typeof createGenerationEvents>

const RECONNECT_MIN_MS = 100
const RECONNECT_MAX_MS = 5_000

/** Nothing else is ever asked on this connection, so a silent loss would go unnoticed, and so would a primary that became a standby. */
const HEARTBEAT_MS = 15_000
const TIMEOUT_MS = 5_000

/**
 * One LISTEN connection for the process. A nudge says only that a generation may have changed: listeners read
 * the row again. After a gap in the connection all listeners are nudged, so nothing is missed. Release with `close`.
 */
export const createGenerationEvents = (databaseUrl: string, onError: (error: Error) => void) => {
  const listeners = new Map<string, Set<Listener>>()
  let client: pg.Client | undefined
  let retryTimer: NodeJS.Timeout | undefined
  let heartbeat: NodeJS.Timeout | undefined
  let failures = 0
  let isClosed = false

  const connect = async (): Promise<void> => {
    const candidate = new pg.Client({
      connectionString: databaseUrl,
      keepAlive: true,
      connectionTimeoutMillis: TIMEOUT_MS,
      query_timeout: TIMEOUT_MS,
      application_name: 'imageonce events',
    })
    candidate.on('error', (error) => lose(candidate, error))
    candidate.on('end', () => lose(candidate, new Error('the events connection ended')))
    candidate.on('notification', ({ payload }) => nudge(payload ?? ''))
    client = candidate
    try {
      await candidate.connect()
      await candidate.query(`listen ${GENERATION_CHANNEL}`)
      failures = 0
      if (!isClosed) heartbeat = setInterval(() => void beat(candidate), HEARTBEAT_MS)
      for (const id of [...listeners.keys()]) nudge(id)
    } catch (error) {
      lose(candidate, error as Error)
    }
  }

  const beat = async (candidate: pg.Client) => {
    try {
      const { rows } = await candidate.query('select pg_is_in_recovery() as is_standby')
      if (rows[0]?.is_standby) lose(candidate, new Error('a standby hears of no events'))
    } catch (error) {
      lose(candidate, error as Error)
    }
  }

  const lose = (lost: pg.Client, error: Error) => {
    if (lost !== client || isClosed) return
    client = undefined
    clearInterval(heartbeat)
    onError(error)
    void lost.end().catch(() => {})
    const delayMs = Math.min(RECONNECT_MAX_MS, RECONNECT_MIN_MS * 2 ** failures++)
    retryTimer = setTimeout(() => void connect(), delayMs)
  }

  const nudge = (id: string) => {
    for (const listener of [...(listeners.get(id) ?? [])]) listener()
  }

  /** Calls back whenever the generation may have changed. Returns the way to stop. */
  const subscribe = (id: string, listener: Listener): (() => void) => {
    const ofThisId = listeners.get(id) ?? new Set()
    listeners.set(id, ofThisId.add(listener))
    return () => {
      ofThisId.delete(listener)
      if (ofThisId.size === 0 && listeners.get(id) === ofThisId) listeners.delete(id)
    }
  }

  const close = async (): Promise<void> => {
    isClosed = true
    clearTimeout(retryTimer)
    clearInterval(heartbeat)
    await client?.end().catch(() => {})
  }

  return { connect, subscribe, close }
}
