import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { createRareLog, type Logger } from '../../lib/logger.ts'
import { runEvery } from '../../lib/run-every.ts'
import { waitAtMost } from '../../lib/time.ts'

const FLUSH_MS = 60_000
/** What there is more of is forgotten for this time: it counts by the day. */
const MAX_IMAGES = 50_000
const BATCH_IMAGES = 1_000
const STOP_MS = 1_000

/**
 * Writes down on which day images were last shown or answered with: once a minute, each image once a day, and never while somebody waits. A
 * process that is killed forgets the last minute.
 */
export const createAccessLog = ({ db, logger }: { db: Database; logger: Logger }) => {
  const onError = createRareLog((fields) => logger.warn(fields, 'accesses were not written down'))
  let seen = new Set<string>()
  let sweeper: ReturnType<typeof runEvery> | undefined

  const recordAccess = (imageId: string): void => {
    if (seen.size < MAX_IMAGES) seen.add(imageId)
  }
  const flush = async (): Promise<void> => {
    const ids = [...seen].sort()
    seen = new Set()
    for (let at = 0; at < ids.length; at += BATCH_IMAGES) {
      await writeAccesses(db, ids.slice(at, at + BATCH_IMAGES))
    }
  }
  const start = (): void => {
    sweeper = runEvery(flush, { intervalMs: FLUSH_MS, onError })
  }
  const stop = async (): Promise<void> => {
    await sweeper?.stop()
    await waitAtMost(flush().catch(onError), STOP_MS)
  }
  return { recordAccess, start, stop }
}

/** An image's, or that which a generation shows. In order, so that two processes never wait for each other. */
const writeAccesses = async (db: Database, ids: readonly string[]): Promise<void> => {
  await sql`
    update image_metadata set accessed_on = (now() at time zone 'UTC')::date
    where id in (
      select id from image_metadata
      where id in (
        select one.id from unnest(${ids}::text[]) as one(id)
        union
        select image_id from generations where generations.id = any(${ids}::text[]) and image_id is not null)
        and (accessed_on is null or accessed_on < (now() at time zone 'UTC')::date)
      order by id for update)`.execute(db)
}
