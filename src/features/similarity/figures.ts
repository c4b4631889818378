import { type RawBuilder, sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { SimilarityReport } from '../../contract/similarity.ts'
import { type NanoUsdSum, parseNanoUsd, toUsd } from '../../lib/money.ts'
import { measurePrecision } from './precision.ts'

/** How far back figures go. */
export const FIGURE_DAYS = 30

/** Of more the newest are counted: beyond it, a great many is all that matters. */
const MAX_COUNTED = 1_000_000

type CheckSums = {
  total: number
  matched: number
  reused: number
  embeddingCostNanoUsd: NanoUsdSum
  p50: number | null
  p95: number | null
}

/** What came of the owner's comparisons of the last 30 days, all owners' where none is named. */
export const readCheckFigures = async (
  db: Database,
  ownerId: string | undefined,
): Promise<SimilarityReport['checks']> => {
  const [{ p50, p95, embeddingCostNanoUsd, ...sums }, saved, judged, judgeCost] = await Promise.all(
    [
      readSums(db, ownerId),
      readSaved(db, ownerId),
      countJudged(db, ownerId),
      readJudgeCost(db, ownerId),
    ],
  )
  const durationMs = p50 === null || p95 === null ? null : { p50, p95 }
  return {
    ...sums,
    durationMs,
    embeddingCostUsd: toUsd(embeddingCostNanoUsd),
    judged,
    judgeCostUsd: toUsd(judgeCost),
    savedUsd: toUsd(saved),
  }
}

/** There are few different milliseconds, so that percentiles (by nearest rank) need no sorting of all rows. */
const readSums = async (db: Database, ownerId: string | undefined): Promise<CheckSums> => {
  const { rows } = await sql<CheckSums>`
    select
      coalesce(sum(total), 0)::int as total,
      coalesce(sum(matched), 0)::int as matched,
      coalesce(sum(reused), 0)::int as reused,
      coalesce(sum(cost_nano_usd), 0) as embedding_cost_nano_usd,
      min(duration_ms) filter (where up_to >= ceil(overall * 0.5)) as p50,
      min(duration_ms) filter (where up_to >= ceil(overall * 0.95)) as p95
    from (
      select *, sum(total) over (order by duration_ms) as up_to, sum(total) over () as overall
      from (
        select
          duration_ms,
          count(*) as total,
          count(*) filter (where is_match) as matched,
          count(*) filter (where is_match and mode = 'reuse') as reused,
          sum(embedding_cost_nano_usd) as cost_nano_usd
        from (${newest(ownerId, sql`duration_ms, is_match, mode, embedding_cost_nano_usd`)}) as recent
        group by duration_ms
      ) as durations
    ) as ranked`.execute(db)
  return (
    rows[0] ?? { total: 0, matched: 0, reused: 0, embeddingCostNanoUsd: 0, p50: null, p95: null }
  )
}

/** What the reused images cost when they were made; of those that are still there. */
const readSaved = async (db: Database, ownerId: string | undefined): Promise<NanoUsdSum> => {
  const { rows } = await sql<{ savedNanoUsd: NanoUsdSum }>`
    select coalesce(sum(maker.cost_nano_usd), 0) as saved_nano_usd
    from (${newest(ownerId, sql`image_id, owner_id`, sql`is_match and mode = 'reuse'`)}) as recent
    join generations as maker on maker.id = recent.image_id and maker.owner_id = recent.owner_id`.execute(
    db,
  )
  return rows[0]?.savedNanoUsd ?? 0
}

/** How many matches a judge decided: its word is looked for among the matches alone, which are few. */
const countJudged = async (db: Database, ownerId: string | undefined): Promise<number> => {
  const { rows } = await sql<{ judged: number }>`
    select count(judge_model)::int as judged
    from (${newest(ownerId, sql`judge_model`, sql`is_match`)}) as recent`.execute(db)
  return rows[0]?.judged ?? 0
}

/** What asking the judge cost, whatever it said; of calls that are in the books still. */
const readJudgeCost = async (db: Database, ownerId: string | undefined): Promise<NanoUsdSum> => {
  const { rows } = await sql<{ nanoUsd: string }>`
    select coalesce(sum(cost_nano_usd), 0)::text as nano_usd
    from judge_calls
    where started_at > now() - ${sql.lit(FIGURE_DAYS)} * interval '1 day'
      and ${ownerId === undefined ? sql`true` : sql`owner_id = ${ownerId}`}`.execute(db)
  return parseNanoUsd(rows[0]?.nanoUsd ?? '0')
}

type VerdictSums = Record<'shadowAccepted' | 'shadowRejected' | 'accepted' | 'rejected', number>

/** What was said of the matches of the last 30 days. */
export const readPrecision = async (
  db: Database,
  ownerId: string | undefined,
): Promise<Pick<SimilarityReport['precision'], 'shadow' | 'reuse'>> => {
  const isReuse = sql`mode = 'reuse'`
  const { rows } = await sql<VerdictSums>`
    select
      count(*) filter (where accepted and not ${isReuse})::int as shadow_accepted,
      count(*) filter (where not accepted and not ${isReuse})::int as shadow_rejected,
      count(*) filter (where accepted and ${isReuse})::int as accepted,
      count(*) filter (where not accepted and ${isReuse})::int as rejected
    from (${newest(ownerId, sql`accepted, mode`, sql`accepted is not null`)}) as recent`.execute(db)
  const { shadowAccepted = 0, shadowRejected = 0, accepted = 0, rejected = 0 } = rows[0] ?? {}
  return {
    shadow: measurePrecision({ accepted: shadowAccepted, rejected: shadowRejected }),
    reuse: measurePrecision({ accepted, rejected }),
  }
}

/** How many prompts have an embedding by this model. */
export const countEmbedded = async (
  db: Database,
  ownerId: string | undefined,
  model: string,
): Promise<number> => {
  const isOwn = ownerId === undefined ? sql`true` : sql`owner_id = ${ownerId}`
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count
    from (
      select from prompt_embeddings where ${isOwn} and model = ${model} limit ${sql.lit(MAX_COUNTED)}
    ) as embedded`.execute(db)
  return rows[0]?.count ?? 0
}

const newest = (
  ownerId: string | undefined,
  columns: RawBuilder<unknown>,
  condition: RawBuilder<unknown> = sql`true`,
) => sql`
  select ${columns} from similarity_checks
  where created_at > now() - ${sql.lit(FIGURE_DAYS)} * interval '1 day'
    and ${ownerId === undefined ? sql`true` : sql`owner_id = ${ownerId}`} and ${condition}
  order by created_at desc
  limit ${sql.lit(MAX_COUNTED)}`
