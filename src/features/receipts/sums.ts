import { sql } from 'kysely'
import { isAnswer } from '../../../db/answers.ts'
import type { Database } from '../../../db/database.ts'
import type { Receipt } from '../../contract/receipt.ts'
import { type NanoUsd, toUsd } from '../../lib/money.ts'

/** Counting further would take longer than a page may. */
const MAX_COUNTED = 100_000

type Image = { id: string; ownerId: string; fingerprint: string; costNanoUsd: NanoUsd }

type SourceRow = { source: string | null; count: number; savedNanoUsd: NanoUsd }

/** How often an image was the answer without being paid for again, and what that saved. */
export const sumAnswers = async (db: Database, image: Image): Promise<Receipt['answered']> => {
  const [events, reused] = await Promise.all([sumEvents(db, image), countReused(db, image)])
  const counted = [...events, ...reused]
  const countOf = (source: string) =>
    counted.reduce((sum, each) => sum + (each.source === source ? each.count : 0), 0)
  const count = counted.reduce((sum, each) => sum + each.count, 0)
  return {
    count,
    exact: countOf('exact'),
    joined: countOf('joined'),
    similar: countOf('similar'),
    client: countOf('client'),
    savedUsd: toUsd(counted.reduce((sum, { savedNanoUsd }) => sum + savedNanoUsd, 0)),
    isCut: count >= MAX_COUNTED,
  }
}

/** Each generation's by index, so many in all. A browser's word is counted, and no money with it. */
const sumEvents = async (db: Database, { id, ownerId }: Image): Promise<SourceRow[]> => {
  const { rows } = await sql<SourceRow>`
    select source, count(*)::int as count, coalesce(round(sum(saved) * 1000000000), 0)::bigint as saved_nano_usd
    from (
      select one.source, one.saved from (
        select id from generations where id = ${id} and owner_id = ${ownerId}
        union
        select id from generations where image_id = ${id} and owner_id = ${ownerId}) as shown
      cross join lateral (
        select data->>'source' as source,
          case when client_event_id is null then (data->>'savedUsd')::numeric end as saved
        from generation_events
        where generation_id = shown.id and ${isAnswer} limit ${MAX_COUNTED}) as one
      limit ${MAX_COUNTED}) as answers
    group by source`.execute(db)
  return rows
}

/** Those that a worker ended with it. */
const countReused = async (
  db: Database,
  { id, ownerId, costNanoUsd }: Image,
): Promise<SourceRow[]> => {
  const { rows } = await sql<Omit<SourceRow, 'savedNanoUsd'>>`
    select reuse_source as source, count(*)::int as count from (
      select reuse_source from generations
      where image_id = ${id} and owner_id = ${ownerId} and id <> ${id} and reuse_source is not null
      limit ${MAX_COUNTED}) as reused
    group by reuse_source`.execute(db)
  return rows.map((row) => ({ ...row, savedNanoUsd: row.count * costNanoUsd }))
}

/** What other images of the same request cost. */
export const sumOthers = async (
  db: Database,
  { id, ownerId, fingerprint }: Image,
): Promise<{ count: number; nanoUsd: NanoUsd }> => {
  const { rows } = await sql<{ count: number; nanoUsd: NanoUsd }>`
    select count(*)::int as count, coalesce(sum(cost_nano_usd), 0)::bigint as nano_usd from generations
    where fingerprint = ${fingerprint} and owner_id = ${ownerId} and id <> ${id} and cost_nano_usd > 0`.execute(
    db,
  )
  return rows[0] ?? { count: 0, nanoUsd: 0 }
}

/** When the call was answered that brought the image, and whether what it cost is certain. */
export const findPayment = async (
  db: Database,
  id: string,
): Promise<{ at: Date | null; isEstimate: boolean }> => {
  const { rows } = await sql<{ at: Date | null; isEstimate: boolean }>`
    select max(coalesce(finished_at, started_at)) filter (where outcome = 'image') as at,
      coalesce(bool_or(is_estimate), false) as is_estimate
    from attempts where generation_id = ${id}`.execute(db)
  return rows[0] ?? { at: null, isEstimate: false }
}
