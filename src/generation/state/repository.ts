import { type RawBuilder, sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { GenerationRow } from '../../../db/schema.ts'
import { compileOnce } from '../../../db/statements.ts'
import type { Lane } from '../../contract/vocabulary.ts'
import type { ProviderErrorCode } from '../../lib/errors.ts'
import type { NanoUsd } from '../../lib/money.ts'
import { type Batched, describeBatched } from './batched.ts'

/** A generation with what is needed to show its image; the image's fields are null until there is one. */
export type GenerationWithImage = GenerationRow & {
  /** When Postgres read it, by the clock that its times are of. */
  asOf: Date
  imageObjectKey: string | null
  imageContentDigest: string | null
  /** What the image cost when it was made, by this generation or by the one that is reused; null where a caller's own key paid. */
  imageCostNanoUsd: NanoUsd | null
  /** The prompt that it was made for, where that was a similar one. */
  imagePrompt: string | null
  thumbhash: string | null
  width: number | null
  height: number | null
  /** What the model said beside the image. */
  said: string | null
  /** Where it stands that waits for a batch or is in one; null for others. */
  batched: Batched | null
}

/** Of a generation that has none yet. */
export const noImage = {
  imageObjectKey: null,
  imageContentDigest: null,
  imageCostNanoUsd: null,
  imagePrompt: null,
  thumbhash: null,
  width: null,
  height: null,
  said: null,
  batched: null,
}

/** True for a row that is only presumed: Postgres does not know of it. */
export const isPresumed = (row: Pick<GenerationWithImage, 'eventSequence'>): boolean =>
  row.eventSequence === 0

/** Counting the rows ahead stops here: beyond it, "a long way" is all that matters. */
const MAX_COUNTED = 100

export const findGeneration = async (
  db: Database,
  id: string,
): Promise<GenerationWithImage | undefined> => (await selectById(db, id))[0]

export const findGenerations = (db: Database, ids: string[]): Promise<GenerationWithImage[]> =>
  selectGenerations(db).where('g.id', '=', sql<string>`any(${ids}::text[])`).execute()

const selectById = compileOnce<GenerationWithImage, [string]>(1, (db, id) =>
  selectGenerations(db).where('g.id', '=', id).compile(),
)

/**
 * For each fingerprint the generation that answers for it: the newest success, else the newest in flight, else a
 * refusal younger than `refusalTtlMs`. A fingerprint is derived from the owner too, so it never finds another owner's.
 */
export const findAnswering = async (
  db: Database,
  fingerprints: string[],
  refusalTtlMs: number,
): Promise<(GenerationWithImage | undefined)[]> => {
  const rows = await selectAnswering(db, JSON.stringify([...new Set(fingerprints)]), refusalTtlMs)
  return fingerprints.map((each) => rows.find(({ fingerprint }) => fingerprint === each))
}

/*
 * As json, since Postgres looks into an array: it would take the plan for any number of them for a worse one than that for those that
 * come, and make one anew each time, which takes ten times as long as running it. One by one, so that each is found by index also
 * where the plan was made while there were few (ADR 9).
 */
const selectAnswering = compileOnce<GenerationWithImage, [string, number]>(
  2,
  (db, fingerprints, refusalTtlMs) => {
    const answering = sql<string>`(
      select id from generations where fingerprint = wanted.fingerprint and ${isAnswering(refusalTtlMs)}
      order by (status = 'succeeded') desc, (status = 'failed'), finished_at desc nulls last, created_at desc limit 1)`
    return sql<GenerationWithImage>`
      select one.* from json_array_elements_text(${fingerprints}::json) as wanted (fingerprint)
      cross join lateral (${selectGenerations(db).where('g.id', '=', answering).limit(1)}) as one`.compile(
      db,
    )
  },
)

/** SQL for a row of `generations` that a plain request is content with. */
export const isAnswering = (refusalTtlMs: RawBuilder<number>) => sql<boolean>`(
  status in ('succeeded', 'queued', 'running')
  or (status = 'failed' and error_code in (${sql.join(REFUSALS.map((code) => sql.lit(code)))})
    and (error_code <> ${sql.lit(UNREADABLE)} or not error_retryable)
    and finished_at > now() - ${refusalTtlMs}::int * interval '1 millisecond'))`

/** Bytes that do not decode; with an answer of words, which may be another one next time, it is retryable. */
const UNREADABLE = 'no_image' satisfies ProviderErrorCode

/** What the model would refuse again, or send again, perhaps for money. */
const REFUSALS = ['refused_prompt', 'refused_image', UNREADABLE] satisfies ProviderErrorCode[]

/** A place in a list that is ordered by time, newest first, and by id. */
export type PagePosition = { at: Date; id: string }

/** How many generations the workers will take before each of these queued ones, plus one; in their order. */
export const countPositions = async (
  db: Database,
  queued: readonly GenerationRow[],
): Promise<number[]> => {
  const ids = queued.map(({ id }) => id)
  const lanes = queued.map(({ lane }) => lane)
  const places = queued.map(({ place }) => place)
  const times = queued.map(({ queuedAt }) => queuedAt)
  const rows = await selectPositions(db, ids, lanes, places, times)
  return rows.map(({ position }) => position)
}

const selectPositions = compileOnce<{ position: number }, [string[], Lane[], number[], Date[]]>(
  4,
  (db, ids, lanes, places, times) =>
    sql<{ position: number }>`
      select ${countAhead({
        lane: sql`one.lane`,
        upTo: sql`(ahead.place, ahead.queued_at, ahead.id) < (one.place, one.queued_at, one.id)`,
      })} + 1 as position
      from unnest(${ids}::text[], ${lanes}::text[], ${places}::integer[], ${times}::timestamptz[])
        with ordinality as one(id, lane, place, queued_at, number)
      order by number`.compile(db),
)

/**
 * SQL for the queued generations of a lane up to one, and for the eager lane all interactive ones too. Two counts
 * that each follow an index: an `or` would read every queued row before the limit (docs/performance.md).
 */
export const countAhead = ({
  lane,
  upTo,
}: {
  lane: RawBuilder<unknown>
  upTo: RawBuilder<unknown>
}) => sql<number>`(
  (select count(*)::int from (
    select from generations as ahead
    where ahead.status = 'queued' and ahead.lane = ${lane} and ${upTo} limit ${sql.lit(MAX_COUNTED)}
  ) as same_lane)
  + (select count(*)::int from (
    select from generations as ahead
    where ahead.status = 'queued' and ahead.lane = 'interactive' and ${lane} = 'eager'
    limit ${sql.lit(MAX_COUNTED)}
  ) as other_lane))`

/** Each by name: a prepared statement with a `*` would break at the next migration. */
export const generationColumns = [
  'id',
  'ownerId',
  'keyId',
  'upstreamAccount',
  'fingerprint',
  'revision',
  'forcedBy',
  'status',
  'lane',
  'prompt',
  'isPromptAsWritten',
  'isPromptReduced',
  'transformation',
  'conditionImageId',
  'conditionImageDigest',
  'provider',
  'model',
  'calledProvider',
  'calledModel',
  'aspectRatio',
  'imageSize',
  'variant',
  'details',
  'tier',
  'objectKey',
  'imageId',
  'reuseSource',
  'costNanoUsd',
  'paidCalls',
  'ambiguousCalls',
  'attempts',
  'claims',
  'lostClaims',
  'fence',
  'workerId',
  'leaseExpiresAt',
  'runAfter',
  'deadlineAt',
  'promotedAt',
  'deferredAs',
  'enqueuedAt',
  'place',
  'errorCode',
  'errorMessage',
  'errorRetryable',
  'similarityMode',
  'similarity',
  'suggestions',
  'eventSequence',
  'createdAt',
  'queuedAt',
  'startedAt',
  'finishedAt',
] as const satisfies (keyof GenerationRow)[]

export const selectGenerations = (db: Database) =>
  db
    .selectFrom('generations as g')
    .leftJoin('imageMetadata as m', 'm.id', 'g.imageId')
    // Most show an image of their own, and are not looked up twice.
    .leftJoin('generations as maker', (join) =>
      join.on('maker.id', '=', sql<string>`nullif(g.image_id, g.id)`),
    )
    .select(generationColumns.map((column) => `g.${column}` as const))
    .select([
      'm.objectKey as imageObjectKey',
      'm.contentDigest as imageContentDigest',
      // What a caller paid is no cost of this server's, and no word of what the image is worth.
      sql<NanoUsd | null>`case when g.image_id = g.id
        then case when g.upstream_account is null then g.cost_nano_usd end
        else case when maker.upstream_account is null then maker.cost_nano_usd end end`.as(
        'imageCostNanoUsd',
      ),
      sql<string | null>`case when g.reuse_source = 'similar' then maker.prompt end`.as(
        'imagePrompt',
      ),
      'm.thumbhash',
      'm.width',
      'm.height',
      'm.said',
      describeBatched(sql`g`).as('batched'),
      sql<Date>`now()`.as('asOf'),
    ])
