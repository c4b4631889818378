import { sql } from 'kysely'
import { isDatabaseAway } from '../../../db/away.ts'
import type { Database } from '../../../db/database.ts'
import type { GenerationRow } from '../../../db/schema.ts'
import type { Reuse } from '../../contract/generation.ts'
import type { TelemetryType } from '../../contract/telemetry.ts'
import { digestPrompt, withoutPrompt } from '../../generation/state/telemetry.ts'
import type { TelemetryLog } from './telemetry-log.ts'

type Entry = {
  ownerId: string
  generationId: string
  type: TelemetryType
  data: string
  /** On a stopwatch: the time itself is Postgres's to tell. */
  atMs: number
}

type Deps = {
  log: TelemetryLog | undefined
  /** Called with each at once. */
  onReuse: (reuse: Reuse | undefined) => void
  onError: (error: unknown) => void
}

const FLUSH_MS = 1_000
const FLUSH_ENTRIES = 500
/** While Postgres is slow or away no more than this is held, what it is being sent included: the newest are dropped. */
const MAX_ENTRIES = 10_000

/**
 * Records every answer that cost nothing, in batches, so that reuse stays as fast as the read that found it.
 * A process that is killed loses at most the last second of these figures, and no image; a batch that Postgres does not
 * take is lost and reported, since to send it again might count it twice; unless it was refused for the sake of one of them:
 * then only that one is. Release with `close`.
 */
export const createReuseLog = (db: Database, { log, onReuse, onError }: Deps) => {
  let entries: Entry[] = []
  let timer: NodeJS.Timeout | undefined
  let insertion: { size: number; ended: Promise<void> } | undefined

  const record = (row: GenerationRow, reuse: Reuse | undefined): void => {
    const type = 'generation_skipped'
    log?.({ type, generationId: row.id, origin: 'server', source: reuse?.source })
    onReuse(reuse)
    if (entries.length + (insertion?.size ?? 0) >= MAX_ENTRIES) return
    const { id: generationId, ownerId } = row
    const known = reuse && withoutPrompt(reuse)
    const data = JSON.stringify({ ...known, promptDigest: digestPrompt(row.prompt) })
    entries.push({ ownerId, generationId, type, data, atMs: performance.now() })
    schedule()
  }

  /** One batch at a time: more would wait for the same Postgres, and be held meanwhile. */
  const schedule = (): void => {
    if (insertion || entries.length === 0) return
    if (entries.length >= FLUSH_ENTRIES) void flush()
    else timer ??= setTimeout(flush, FLUSH_MS)
  }

  const flush = async (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    const batch = entries
    entries = []
    if (batch.length === 0) return
    const ended = insert(batch).catch((error) =>
      isDatabaseAway(error) ? onError(error) : insertEach(batch),
    )
    insertion = { size: batch.length, ended }
    await ended
    insertion = undefined
    schedule()
  }

  const insert = async (batch: Entry[]): Promise<void> => {
    const values = batch.map(({ atMs, ...entry }) => ({
      ...entry,
      createdAt: sql<Date>`now() - ${performance.now() - atMs}::float8 * interval '1 millisecond'`,
    }))
    await db.insertInto('generationEvents').values(values).execute()
  }
  const insertEach = async (batch: Entry[]): Promise<void> => {
    for (const entry of batch) await insert([entry]).catch(onError)
  }

  const close = async (): Promise<void> => {
    while (insertion || entries.length > 0) await (insertion?.ended ?? flush())
  }

  return { record, close }
}
