import { sql } from 'kysely'
import { compileOnce } from '../../db/compile-once.ts'
import type { Database } from '../../db/database.ts'
import type { EventRow, GenerationRow, ImageRow } from '../../db/schema.ts'
import type { GenerationStatus } from '../contract/vocabulary.ts'

/** A generation with what is needed to show its image; the image's fields are null until there is one. */
export type GenerationWithImage = GenerationRow & {
  imageObjectKey: string | null
  imageContentDigest: string | null
  /** What the image cost when it was made, by this generation or by the one that is reused. */
  imageCostUsd: number | null
  thumbhash: string | null
  width: number | null
  height: number | null
}

/** Counting the rows ahead stops here: beyond it, "a long way" is all that matters. */
const MAX_COUNTED = 100

export const findGeneration: Find = compileOnce((db, id) =>
  selectGenerations(db).where('g.id', '=', id),
)

/**
 * The generation that answers for a fingerprint: the newest success, else the newest in flight.
 * A fingerprint is derived from the owner too, so it never finds another owner's.
 */
export const findAnswering: Find = compileOnce((db, fingerprint) =>
  selectGenerations(db)
    .where('g.fingerprint', '=', fingerprint)
    .where('g.status', 'in', ['succeeded', 'queued', 'running'])
    .orderBy(sql`(g.status = 'succeeded')`, 'desc')
    .orderBy('g.finishedAt', (order) => order.desc().nullsLast())
    .orderBy('g.createdAt', 'desc')
    .limit(1),
)

type Find = (db: Database, key: string) => Promise<GenerationWithImage | undefined>

export type GenerationPage = {
  ownerId: string
  status?: GenerationStatus | undefined
  before?: PagePosition | undefined
  limit: number
}

/** A place in a list that is ordered by time, newest first, and by id. */
export type PagePosition = { at: Date; id: string }

export const listGenerations = (db: Database, page: GenerationPage) => {
  let query = selectGenerations(db).where('g.ownerId', '=', page.ownerId)
  if (page.status) query = query.where('g.status', '=', page.status)
  if (page.before) {
    query = query.where(sql<boolean>`(g.created_at, g.id) < (${page.before.at}, ${page.before.id})`)
  }
  return query.orderBy('g.createdAt', 'desc').orderBy('g.id', 'desc').limit(page.limit).execute()
}

/** How many generations the workers will take before this queued one, plus one. */
export const countQueuePosition = async (db: Database, row: GenerationRow): Promise<number> => {
  const { rows } = await sql<{ ahead: number }>`
    select count(*)::int as ahead from (
      select 1 from generations
      where status = 'queued'
        and ((lane = ${row.lane} and (place, queued_at, id) < (${row.place}, ${row.queuedAt}, ${row.id}))
          or (${row.lane} = 'eager' and lane = 'interactive'))
      limit ${MAX_COUNTED}
    ) as counted`.execute(db)
  return (rows[0]?.ahead ?? 0) + 1
}

/** The events after one and up to the newest that `row` knows of: none is told with an older state than its own. */
export const listEventsBetween = (
  db: Database,
  sequence: number,
  row: Pick<GenerationRow, 'id' | 'eventSequence'>,
): Promise<Pick<EventRow, 'sequence' | 'type' | 'createdAt'>[]> =>
  db
    .selectFrom('generationEvents')
    .select(['sequence', 'type', 'createdAt'])
    .where('generationId', '=', row.id)
    .where('sequence', '>', sequence)
    .where('sequence', '<=', row.eventSequence)
    .orderBy('sequence')
    .execute()

export const findOwnedImage = (
  db: Database,
  ownerId: string,
  id: string,
): Promise<ImageRow | undefined> =>
  db
    .selectFrom('imageMetadata')
    .selectAll()
    .where('id', '=', id)
    .where('userId', '=', ownerId)
    .executeTakeFirst()

/** Each by name: a prepared statement with a `*` would break at the next migration. */
const generationColumns = [
  'g.id',
  'g.ownerId',
  'g.fingerprint',
  'g.revision',
  'g.status',
  'g.lane',
  'g.prompt',
  'g.transformation',
  'g.conditionImageId',
  'g.conditionImageDigest',
  'g.provider',
  'g.model',
  'g.aspectRatio',
  'g.imageSize',
  'g.variant',
  'g.objectKey',
  'g.imageId',
  'g.reuseSource',
  'g.costUsd',
  'g.paidCalls',
  'g.ambiguousCalls',
  'g.attempts',
  'g.claims',
  'g.fence',
  'g.workerId',
  'g.leaseExpiresAt',
  'g.runAfter',
  'g.enqueuedAt',
  'g.place',
  'g.errorCode',
  'g.errorMessage',
  'g.errorRetryable',
  'g.eventSequence',
  'g.createdAt',
  'g.queuedAt',
  'g.startedAt',
  'g.finishedAt',
] as const satisfies `g.${keyof GenerationRow}`[]

const selectGenerations = (db: Database) =>
  db
    .selectFrom('generations as g')
    .leftJoin('imageMetadata as m', 'm.id', 'g.imageId')
    .leftJoin('generations as maker', 'maker.id', 'g.imageId')
    .select(generationColumns)
    .select([
      'm.objectKey as imageObjectKey',
      'm.contentDigest as imageContentDigest',
      'maker.costUsd as imageCostUsd',
      'm.thumbhash',
      'm.width',
      'm.height',
    ])
