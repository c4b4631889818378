import { type RawBuilder, sql } from 'kysely'
import { isAnswer, isBegun } from '../../../db/answers.ts'
import type { Database } from '../../../db/database.ts'
import type { GenerationRow } from '../../../db/schema.ts'
import { reuseSourceSchema } from '../../contract/vocabulary.ts'
import { OWN_REVISION } from '../../generation/state/revision.ts'
import type { NanoUsd } from '../../lib/money.ts'

/** An event that is an asking, with the generation that it names and what was paid because of it. */
export type AskingRow = Pick<
  GenerationRow,
  'revision' | 'forcedBy' | 'reuseSource' | 'similarity' | 'prompt' | 'imageId' | 'status'
> & {
  id: string
  generationId: string
  /** Null of one that began it. */
  source: string | null
  savedNanoUsd: NanoUsd | null
  createdAt: Date
  costNanoUsd: NanoUsd | null
  calls: number | null
  isEstimate: boolean | null
}

export type AskingsPage = {
  ownerId: string
  /** Before this event. */
  before: string | undefined
  limit: number
}

/** The image's own askings, and those by which other images of the same request came about. Newest first. */
export const listAskingsOfImage = (
  db: Database,
  image: { id: string; fingerprint: string },
  page: AskingsPage,
): Promise<AskingRow[]> => listAskings(db, familyOf(page.ownerId, image), page)

/** Those of one generation. */
export const listAskingsOfGeneration = (
  db: Database,
  id: string,
  page: AskingsPage,
): Promise<AskingRow[]> =>
  listAskings(
    db,
    sql`select id, true as is_shown from generations where id = ${id} and owner_id = ${page.ownerId}`,
    page,
  )

/**
 * SQL for the generations that say something of an image: those that show it (`is_shown`), those of the same request, and those that were
 * made because it was declined for similar words.
 */
const familyOf = (ownerId: string, { id, fingerprint }: { id: string; fingerprint: string }) => sql`
  select id, true as is_shown from generations where id = ${id} and owner_id = ${ownerId}
  union
  select id, true from generations where image_id = ${id} and owner_id = ${ownerId}
  union
  select id, false from generations
  where fingerprint = ${fingerprint} and owner_id = ${ownerId} and id <> ${id} and image_id is distinct from ${id}
  union
  select own.id, false from generations as declining
  cross join lateral (
    select id from generations
    where fingerprint = declining.fingerprint and revision = ${sql.lit(OWN_REVISION)} and owner_id = ${ownerId}
      and image_id is distinct from ${id}) as own
  where declining.image_id = ${id} and declining.owner_id = ${ownerId} and declining.id <> ${id}`

/** By which answers lie in their index. */
const SOURCES = reuseSourceSchema.options

/** As many of each as the page may have, by index, and of those the newest; what was paid is looked up for these alone. */
const listAskings = async (
  db: Database,
  family: RawBuilder<unknown>,
  { before, limit }: AskingsPage,
): Promise<AskingRow[]> => {
  const isBefore = before === undefined ? sql`true` : sql`id < ${before}::bigint`
  const { rows } = await sql<AskingRow>`
    with family as materialized (${family}), askings as materialized (
      select one.* from family
      cross join lateral (
        (select answers.* from unnest(${SOURCES}::text[]) as one (source)
          cross join lateral (
            select id, generation_id, sequence, data, created_at from generation_events
            where generation_id = family.id and ${isAnswer} and data->>'source' = one.source and ${isBefore}
            order by id desc limit ${limit}) as answers
          where family.is_shown)
        union all
        (select id, generation_id, sequence, data, created_at from generation_events
          where generation_id = family.id and ${isBegun} and ${isBefore}
          order by sequence desc limit ${limit})) as one
      order by one.id desc limit ${limit}
    )
    select askings.id, askings.generation_id, askings.created_at,
      case when sequence is null then data->>'source' end as source, round((data->>'savedUsd')::numeric * 1000000000)::bigint as saved_nano_usd,
      g.revision, g.forced_by, g.reuse_source, g.similarity, g.prompt, g.image_id, g.status,
      calls.cost_nano_usd, calls.calls, calls.is_estimate
    from askings
    join generations as g on g.id = askings.generation_id
    left join lateral (
      select sum(cost_nano_usd)::bigint as cost_nano_usd, count(*) filter (where may_have_charged)::int as calls,
        coalesce(bool_or(is_estimate), false) as is_estimate
      from attempts
      where attempts.generation_id = askings.generation_id and started_at >= askings.created_at
        and started_at < coalesce((
          select created_at from generation_events as later
          where later.generation_id = askings.generation_id and later.sequence > askings.sequence
            and type = 'generation.queued' and data->'errorCode' is null
          order by later.sequence limit 1), 'infinity')
    ) as calls on askings.sequence is not null
    order by askings.id desc`.execute(db)
  return rows
}
