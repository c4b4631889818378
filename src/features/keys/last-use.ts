import type { Database } from '../../../db/database.ts'
import { runEvery } from '../../lib/run-every.ts'
import { markUsed } from './repository.ts'

const WRITE_EVERY_MS = 2_000
const MINUTE_MS = 60_000

/** Writes down when keys were used, beside the requests: each key once a minute at most, all of a moment in one statement. */
export const createUseLog = (db: Database, onError: (error: unknown) => void) => {
  const writtenMs = new Map<string, number>()
  const pending = new Set<string>()
  let writer: ReturnType<typeof runEvery> | undefined

  const note = (id: string): void => {
    const before = writtenMs.get(id)
    if (before === undefined || performance.now() - before >= MINUTE_MS) pending.add(id)
  }

  const write = async (): Promise<void> => {
    if (pending.size === 0) return
    const ids = [...pending]
    pending.clear()
    for (const [id, at] of writtenMs) {
      if (performance.now() - at >= MINUTE_MS) writtenMs.delete(id)
    }
    for (const id of ids) writtenMs.set(id, performance.now())
    await markUsed(db, ids)
  }

  const start = (): void => {
    writer = runEvery(write, { intervalMs: WRITE_EVERY_MS, onError })
  }

  /** Writes what is not written yet. */
  const stop = async (): Promise<void> => {
    await writer?.stop()
    await write().catch(onError)
  }

  return { note, start, stop }
}
