import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { REFUSED_EVENT } from '../../contract/telemetry.ts'
import { type NanoUsd, toUsd } from '../../lib/money.ts'

/** What was asked for anew, and could not be paid for. */
type Refused = { id: string; ownerId: string; model: string; mayCostNanoUsd: NanoUsd }

const FLUSH_MS = 1_000
/** While Postgres is slow or away no more is held than this: the newest are dropped. */
const MAX_ENTRIES = 10_000
/** Whoever is refused asks again: what was refused on a day is known this long, and counts once. */
const MAX_KNOWN = 50_000

/**
 * Records what was refused at a limit, each request once a UTC day, in batches, so that refusing stays as cheap as it is. A process that
 * is killed loses at most the last second of it. Release with `close`.
 */
export const createRefusalLog = (
  db: Database,
  { onError }: { onError: (error: unknown) => void },
) => {
  let entries: Refused[] = []
  let known = new Set<string>()
  let knownOn = ''
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()

  const record = (refused: Refused): void => {
    const today = new Date().toISOString().slice(0, 10)
    if (today !== knownOn || known.size >= MAX_KNOWN) [known, knownOn] = [new Set(), today]
    if (known.has(refused.id) || entries.length >= MAX_ENTRIES) return
    known.add(refused.id)
    const { id, ownerId, model, mayCostNanoUsd } = refused
    entries.push({ id, ownerId, model, mayCostNanoUsd })
    timer ??= setTimeout(flush, FLUSH_MS)
  }

  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    const batch = entries
    entries = []
    if (batch.length > 0) writing = writing.then(() => insert(db, batch)).catch(onError)
  }

  const close = async (): Promise<void> => {
    flush()
    await writing
  }
  return { record, close }
}

const insert = async (db: Database, batch: readonly Refused[]): Promise<void> => {
  const rows = batch.map(({ ownerId, model, mayCostNanoUsd }) => ({
    owner: ownerId,
    data: { model, savedUsd: toUsd(mayCostNanoUsd) },
  }))
  await sql`
    with refused as (
      select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as one (owner text, data jsonb)
    ), owners as (
      insert into users (id) select distinct owner from refused order by owner on conflict do nothing
    )
    insert into generation_events (owner_id, generation_id, type, data)
    select owner, null, ${REFUSED_EVENT}, data from refused`.execute(db)
}
