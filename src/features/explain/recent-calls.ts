import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { GenerationRow } from '../../../db/schema.ts'
import type { Tier } from '../../contract/vocabulary.ts'
import type { AttemptOutcome } from '../../generation/run/attempts.ts'
import type { NanoUsd } from '../../lib/money.ts'

/** What the last calls of a kind came to, whoever they were for. */
export type CallFigures = {
  /** Of an asking, with all the calls that it took and those that came to nothing. */
  meanNanoUsd: NanoUsd
  /** From its call to its image; undefined where none was made. */
  medianMs: number | undefined
}

/** What tells one kind of call from another. */
export type CallKind = Pick<GenerationRow, 'provider' | 'model' | 'imageSize'> & {
  isConditioned: boolean
  tier: Tier
}

export type RecentCalls = {
  /** Of this very kind, else of the same model and size; undefined where there were none. */
  find: (kind: CallKind) => CallFigures | undefined
  /** How many calls all workers that are alive make at once. */
  capacity: number
}

type Deps = {
  db: Database
  /** How many calls all workers that are alive make at once. */
  countCapacity: () => Promise<number>
  now?: () => number
}

/** Of one that was canceled: what that cost is the canceling's, and no foretelling of what others will. */
const INTERRUPTED: AttemptOutcome = 'interrupted'

/** So many of the newest calls are looked at: some 10 ms. */
const LOOKED_AT = 1_000
const DAYS = 7
/** Whoever types asks twice a second. */
const FRESH_MS = 500

/** Reads what calls cost and take lately, once in half a second however many ask. */
export const createRecentCalls = ({ db, countCapacity, now = () => performance.now() }: Deps) => {
  let known: { calls: Promise<RecentCalls>; readMs: number } | undefined

  return (): Promise<RecentCalls> => {
    if (known && now() - known.readMs < FRESH_MS) return known.calls
    const reading = { calls: readCalls(db, countCapacity), readMs: now() }
    known = reading
    reading.calls.catch(() => {
      if (known === reading) known = undefined
    })
    return reading.calls
  }
}

const readCalls = async (
  db: Database,
  countCapacity: Deps['countCapacity'],
): Promise<RecentCalls> => {
  const [rows, capacity] = await Promise.all([selectFigures(db), countCapacity()])
  const byKind = new Map(rows.map((row) => [nameOf(row), row]))
  const find = (kind: CallKind) => {
    const alike = byKind.get(nameOf(kind))
    return alike ?? byKind.get(nameOf({ ...kind, isConditioned: !kind.isConditioned }))
  }
  return { find, capacity }
}

const nameOf = ({ provider, model, imageSize, isConditioned, tier }: CallKind): string =>
  JSON.stringify([provider, model, imageSize, isConditioned, tier])

const selectFigures = async (db: Database): Promise<(CallKind & CallFigures)[]> => {
  const { rows } = await sql<CallKind & { meanNanoUsd: NanoUsd; medianMs: number | null }>`
    select provider, model, image_size, is_conditioned, tier, round(avg(cost_nano_usd)) as mean_nano_usd,
      percentile_cont(0.5) within group (order by took_ms) as median_ms
    from (
      select one.provider, one.model, one.image_size, one.condition_image_digest is not null as is_conditioned,
        coalesce(one.tier, 'standard') as tier,
        sum(recent.cost_nano_usd) as cost_nano_usd,
        min(extract(epoch from one.finished_at - recent.started_at)::float8 * 1000)
          filter (where recent.outcome = 'image' and one.status = 'succeeded' and one.finished_at >= recent.started_at) as took_ms
      from (
        select generation_id, outcome, started_at, cost_nano_usd from attempts where billed_to = 'server'
        order by id desc limit ${LOOKED_AT}::int) as recent
      join generations as one on one.id = recent.generation_id
      where recent.outcome is not null and recent.outcome <> ${INTERRUPTED} and recent.started_at > now() - ${DAYS}::int * interval '1 day'
      group by one.id) as asked
    group by provider, model, image_size, is_conditioned, tier`.execute(db)
  return rows.map(({ medianMs, ...row }) => ({ ...row, medianMs: medianMs ?? undefined }))
}
