import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { GenerationStatus } from '../../contract/vocabulary.ts'
import type { SpoolFile, SpoolFiles } from '../../generation/ports.ts'
import { idOfKey } from '../../generation/read/thumbnail-keys.ts'

const HOUR_MS = 60 * 60_000
const WEEK_MS = 7 * 24 * HOUR_MS

/** How long a result is kept once it is an hour old, by its generation's status; for ever where it may be needed yet. */
const keptMs: Record<GenerationStatus | 'gone' | 'unknown', number> = {
  queued: Number.POSITIVE_INFINITY,
  running: Number.POSITIVE_INFINITY,
  // Asking again adopts it instead of paying again.
  failed: WEEK_MS,
  succeeded: 0,
  canceled: 0,
  gone: 0,
  unknown: WEEK_MS,
}

export type SpoolReport = { deleted: number; leftovers: number }

/**
 * Deletes from this host's spool what no generation will ask for: results that are in the store or that nobody wants,
 * and files that were never finished. Nothing younger than an hour is touched. Safe to repeat, and from several
 * workers that share a disk. Throws when Postgres does not answer.
 */
export const cleanSpool = async (
  { db, spool }: { db: Database; spool: SpoolFiles },
  now = new Date(),
): Promise<SpoolReport> => {
  const anHourAgo = new Date(now.getTime() - HOUR_MS)
  const leftovers = await spool.removeLeftovers(anHourAgo)
  let deleted = 0
  for await (const file of spool.list()) {
    if (file.modifiedAt >= anHourAgo) continue
    const ageMs = now.getTime() - file.modifiedAt.getTime()
    if (ageMs < keptMs[await findStatus(db, file)]) continue
    if (await spool.remove(file)) deleted++
  }
  return { deleted, leftovers }
}

const findStatus = async (
  db: Database,
  { key }: SpoolFile,
): Promise<GenerationStatus | 'gone' | 'unknown'> => {
  if (key === undefined) return 'unknown'
  const row = await db
    .selectFrom('generations')
    .select('status')
    .where('id', '=', idOfKey(sql`${key}::text`))
    .where('objectKey', '=', key)
    .executeTakeFirst()
  return row?.status ?? 'gone'
}
