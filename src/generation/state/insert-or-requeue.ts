import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { nudge } from '../../../db/nudges.ts'
import type { GenerationRow } from '../../../db/schema.ts'
import type { Period, Scope } from '../../../db/spending-tables.ts'
import { compileOnce } from '../../../db/statements.ts'
import type { GenerationEventType } from '../../contract/generation.ts'
import type { TelemetryType } from '../../contract/telemetry.ts'
import type { Lane } from '../../contract/vocabulary.ts'
import type { AppError } from '../../lib/errors.ts'
import type { NanoUsd } from '../../lib/money.ts'
import type { InFlightCounts } from './in-flight-counts.ts'
import {
  countAhead,
  type GenerationWithImage,
  generationColumns,
  isAnswering,
  noImage,
} from './repository.ts'
import {
  type BudgetSettings,
  encodeBudgets,
  limitsOf,
  type NearestLimit,
  scopesOf,
  spendingStopped,
} from './spending-limits.ts'
import { startedData } from './telemetry.ts'
import type { SealedKey } from './upstream-keys.ts'

export type GenerationToInsert = Pick<
  GenerationRow,
  | 'id'
  | 'ownerId'
  | 'keyId'
  | 'fingerprint'
  | 'revision'
  | 'forcedBy'
  | 'lane'
  | 'prompt'
  | 'isPromptAsWritten'
  | 'transformation'
  | 'conditionImageId'
  | 'conditionImageDigest'
  | 'provider'
  | 'model'
  | 'aspectRatio'
  | 'imageSize'
  | 'variant'
  | 'details'
  | 'objectKey'
  | 'similarityMode'
> & {
  /** True for a plain request, which is content with what answers its fingerprint already. */
  joinsOthers: boolean
  /** What its call may cost this server. */
  mayCostNanoUsd: NanoUsd
  /** The caller's own key, where one is to pay. */
  upstreamAccount?: SealedKey['upstreamAccount'] | null
  sealedKey?: SealedKey['sealedKey']
}

export type Inserted = {
  generation: GenerationWithImage
  /** How many generations the workers will take before it, plus one. */
  queuePosition: number
  /** The limit that its call comes nearest to; absent where there is none. */
  nearest?: NearestLimit | undefined
  stopped?: never
}

/** One that a person would wait for, and that may not be paid for now. */
export type Refused = { stopped: AppError }

export type InsertLimits = {
  /** How long a refusal answers for its request. */
  refusalTtlMs: number
  /** The most generations that an owner may have queued and running at once. */
  maxInFlight: number
  /** How long after it was asked for a generation of each lane ends at the latest. */
  giveUpMs: Record<Lane, number>
  /** What comes of a generation in a batch that a person asks for; `wait` unless it is said. */
  promotion?: 'wait' | 'buy' | undefined
  /** What is known of owners' generations in flight; without it they are counted each time. */
  inFlightCounts?: InFlightCounts | undefined
  /** The limits of the settings; without them, what was promised before is taken whatever has been spent. */
  budgets?: BudgetSettings | undefined
}

/**
 * Puts generations in the queue as rows, all in one statement: new ones, and ones that failed or were canceled
 * and are asked for again (these keep their history, and their cap of paid calls starts anew). Answers each in its
 * place, undefined for one that another row answers already (in the database or earlier among `rows`: read again and
 * join that one) or whose owner has too many in flight. An owner's row is made with the first generation. What a person waits for
 * is refused where its call would pass a limit by what has been spent; the eager lane waits for the next day or month, and
 * what all of them may spend in the end is decided by `recordIntent`.
 */
export const insertOrRequeue = async (
  db: Database,
  rows: GenerationToInsert[],
  { refusalTtlMs, maxInFlight, giveUpMs, inFlightCounts, budgets }: InsertLimits,
): Promise<(Inserted | Refused | undefined)[]> => {
  const first = new Map<string, GenerationToInsert>()
  for (const row of rows) if (!first.has(row.id)) first.set(row.id, row)
  const known = findKnown(inFlightCounts, rows, maxInFlight)
  const wanted = [...first.values()].map((row) => ({ ...row, inFlight: known.get(row.ownerId) }))
  const json = JSON.stringify(wanted)
  const { interactive, eager } = giveUpMs
  const settings = budgets ? encodeBudgets(budgets) : null
  const inserted = await insertRows(
    db,
    json,
    refusalTtlMs,
    maxInFlight,
    interactive,
    eager,
    settings,
  )
  for (const [ownerId, inFlight] of sumUp(inserted)) {
    inFlightCounts?.note(ownerId, inFlight, !known.has(ownerId))
  }
  // Nobody follows what is new.
  const requeued = inserted.filter(({ eventSequence }) => eventSequence > 1)
  await nudge(
    db,
    requeued.map(({ id }) => id),
  )
  const byId = new Map(inserted.map((row) => [row.judgedId, row]))
  return rows.map((row) => {
    const found = first.get(row.id) === row ? byId.get(row.id) : undefined
    return found && describeInserted(found)
  })
}

/** An owner who comes near the most is counted, so that nobody is refused for what has just ended. */
const findKnown = (
  counts: InFlightCounts | undefined,
  rows: readonly GenerationToInsert[],
  maxInFlight: number,
): Map<string, number> => {
  const known = new Map<string, number>()
  for (const { ownerId } of rows) {
    const inFlight = counts?.find(ownerId)
    if (inFlight !== undefined && inFlight + rows.length < maxInFlight) known.set(ownerId, inFlight)
  }
  return known
}

/** How many each owner has in flight by the last place that was given. */
const sumUp = (inserted: readonly InsertedRow[]): Map<string, number> => {
  const sums = new Map<string, number>()
  for (const { isInserted, ownerId, place } of inserted) {
    if (isInserted) sums.set(ownerId, Math.max(sums.get(ownerId) ?? 0, place + 1))
  }
  return sums
}

const describeInserted = ({
  queuePosition,
  judgedId: _,
  isInserted,
  isPaused,
  limitScope: scope,
  limitPeriod: period,
  resetsAt,
  limitShare: share,
  ...generation
}: InsertedRow): Inserted | Refused => {
  const limit = scope && period && resetsAt ? { scope, period, resetsAt } : undefined
  if (!isInserted) {
    const stop = isPaused || !limit ? 'paused' : limit
    return { stopped: spendingStopped(stop, generation.asOf) }
  }
  const nearest = limit && share !== null ? { ...limit, share } : undefined
  return { generation: { ...generation, ...noImage }, queuePosition, nearest }
}

/** True when the owner may have no more generations in flight. */
export const isOwnerFull = async (
  db: Database,
  ownerId: string,
  maxInFlight: number,
): Promise<boolean> => {
  const last = await db
    .selectFrom('generations')
    .select('id')
    .where('ownerId', '=', ownerId)
    .where('status', 'in', ['queued', 'running'])
    .offset(maxInFlight - 1)
    .limit(1)
    .executeTakeFirst()
  return last !== undefined
}

type InsertedRow = GenerationRow & {
  asOf: Date
  queuePosition: number
  judgedId: string
  /** False for one that was refused: its other columns are null. */
  isInserted: boolean
  isPaused: boolean
  limitScope: Scope | null
  limitPeriod: Period | null
  resetsAt: Date | null
  limitShare: number | null
}

/*
 * Rows go in by id, so that two statements with the same ones can't wait for each other. Counting an owner's
 * generations in flight is what costs most (docs/performance.md): it is done once an owner, and not where it is known. What is looked up
 * in a large table can only be found by index, as the plan is made once, perhaps while it is small (ADR 9).
 */
const insertRows = compileOnce<
  InsertedRow,
  [string, number, number, number, number, string | null]
>(6, (db, rows, refusalTtlMs, maxInFlight, interactiveMs, eagerMs, budgets) =>
  sql<InsertedRow>`
  with wanted as (
    select * from json_to_recordset(${rows}::json) as one(
      id text, "ownerId" text, fingerprint text, revision text, lane text, prompt text, transformation text,
      "conditionImageId" text, "conditionImageDigest" text, provider text, model text, "aspectRatio" text,
      "imageSize" text, variant text, "objectKey" text, "similarityMode" text, "joinsOthers" boolean,
      "isPromptAsWritten" boolean, "keyId" text, "forcedBy" jsonb, details jsonb, "mayCostNanoUsd" bigint, "inFlight" integer,
      "upstreamAccount" text, "sealedKey" text)
  ), fresh as (
    select * from wanted
    where not "joinsOthers" or (
      select true from generations
      where generations.fingerprint = wanted.fingerprint and ${isAnswering(refusalTtlMs)} limit 1) is null
  ), owners as (
    select "ownerId" as id, coalesce("inFlight", (
      select count(*) from (
        select from generations
        where owner_id = "ownerId" and status in ('queued', 'running') limit ${maxInFlight}::int
      ) as in_flight)) as in_flight
    from fresh group by "ownerId", "inFlight"
  ), new_owners as (
    insert into users (id)
    select id from owners where not exists (select from users where users.id = owners.id) order by id
    on conflict do nothing
  ), placed as (
    select fresh.*, in_flight + row_number() over (partition by "ownerId") - 1 as place
    from fresh join owners on owners.id = fresh."ownerId"
  ), sums as materialized (
    select payers.*, limits.*, coalesce((
      select nano_usd from spending
      where spending.scope = limits.scope and spending.period = limits.period and spending.starts = limits.starts
      limit 1), 0) as nano_usd
    from (select distinct "ownerId", "keyId" from placed where ${budgets}::text is not null) as payers
    cross join lateral ${limitsOf(scopesOf(sql`"ownerId"`, sql`"keyId"`), sql`${budgets}::text`)} as limits
    where limit_nano_usd is not null
  ), judged as materialized (
    select id as judged_id, limit_scope, limit_period, resets_at, limit_share, is_paused,
      lane = 'interactive' and (is_paused or coalesce(is_passed, false)) as is_stopped
    from placed
    cross join lateral (select coalesce("mayCostNanoUsd", 0) as cost) as price
    cross join lateral (
      select cost > 0 and paused_at is not null and ${budgets}::text is not null as is_paused from spending_switch) as switch
    left join lateral (
      select scope as limit_scope, period as limit_period, resets_at, nano_usd + cost > limit_nano_usd as is_passed,
        (nano_usd + cost)::float8 / nullif(limit_nano_usd, 0) as limit_share
      from sums
      where cost > 0 and sums."ownerId" = placed."ownerId" and sums."keyId" is not distinct from placed."keyId"
      order by is_passed desc, case when nano_usd + cost > limit_nano_usd then resets_at end desc, limit_share desc
      limit 1) as nearest on true
  ), changed as (
    insert into generations (
      id, owner_id, key_id, fingerprint, revision, status, lane, prompt, transformation, condition_image_id,
      condition_image_digest, provider, model, aspect_ratio, image_size, variant, details, object_key, similarity_mode,
      enqueued_at, event_sequence, place, is_prompt_as_written, upstream_account, forced_by, deadline_at)
    select id, "ownerId", "keyId", fingerprint, revision, 'queued', lane, prompt, transformation, "conditionImageId",
      "conditionImageDigest", provider, model, "aspectRatio", "imageSize", variant, nullif(details, 'null'), "objectKey", "similarityMode", now(), 1, place,
      coalesce("isPromptAsWritten", false), "upstreamAccount", nullif("forcedBy", 'null'),
      now() + case lane when 'eager' then ${eagerMs}::int else ${interactiveMs}::int end * interval '1 millisecond'
    from placed join judged on judged_id = id
    where place < ${maxInFlight}::int and not is_stopped order by id
    on conflict (id) do update set
      status = 'queued', lane = excluded.lane, place = excluded.place, key_id = excluded.key_id,
      upstream_account = excluded.upstream_account,
      forced_by = excluded.forced_by,
      prompt = excluded.prompt, is_prompt_as_written = excluded.is_prompt_as_written, is_prompt_reduced = false,
      condition_image_id = excluded.condition_image_id, details = excluded.details,
      object_key = case when generations.error_code = 'image_deleted'
        then excluded.object_key else generations.object_key end,
      similarity_mode = excluded.similarity_mode, similarity = null, suggestions = null,
      image_id = null, reuse_source = null, tier = null, paid_calls = 0, ambiguous_calls = 0, attempts = 0, claims = 0,
      lost_claims = 0, called_provider = null, called_model = null,
      error_code = null, error_message = null, error_retryable = null, run_after = null,
      queued_at = now(), enqueued_at = now(), started_at = null, finished_at = null, deadline_at = excluded.deadline_at,
      promoted_at = null,
      event_sequence = generations.event_sequence + 1
    where generations.status in ('failed', 'canceled')
    returning *
  ), kept as (
    insert into upstream_keys (generation_id, sealed)
    select id, "sealedKey" from changed join placed using (id) where "sealedKey" is not null order by id
    on conflict (generation_id) do update set sealed = excluded.sealed
  ), event as (
    insert into generation_events (owner_id, generation_id, sequence, type, data)
    select owner_id, id, event_sequence, ${sql.lit('generation.queued' satisfies GenerationEventType)}, '{}' from changed
    union all
    select owner_id, id, null, ${sql.lit('generation_started' satisfies TelemetryType)}, ${startedData} from changed
  )
  select ${columnsOfChanged}, now() as as_of,
    ${countAhead({ lane: sql`changed.lane`, upTo: sql`ahead.place <= changed.place` })} + 1 as queue_position,
    judged_id, changed.id is not null as is_inserted, is_paused, limit_scope, limit_period, resets_at, limit_share
  from judged left join changed on changed.id = judged_id
  where changed.id is not null or is_stopped`.compile(db),
)

const columnsOfChanged = sql.join(generationColumns.map((column) => sql.ref(`changed.${column}`)))
