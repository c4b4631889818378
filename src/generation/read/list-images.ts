import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { GenerationRow, ImageRow } from '../../../db/schema.ts'
import { isImageId } from '../../contract/identity.ts'
import type {
  ImageType,
  ListOrder,
  ReuseSource,
  Transformation,
} from '../../contract/vocabulary.ts'
import { AppError } from '../../lib/errors.ts'
import { toNanoUsd } from '../../lib/money.ts'
import { findOwnedImage, imageColumns } from '../state/image-rows.ts'
import type { PagePosition } from '../state/repository.ts'
import { MAX_LOOKED_THROUGH, wasAnswer } from './list.ts'
import { hasWords, matchesWords, searchOf } from './search.ts'

export type ImageFilter = {
  ownerId: string
  /** With `conditionDigest`, images that were made unless it says otherwise. */
  imageType?: ImageType | undefined
  /** Only what was made from the image of this digest: in any place of several, of a conversation, or of another API's request. */
  conditionDigest?: string | undefined
  transformation?: Transformation | undefined
  variant?: string | undefined
  /** What somebody searches their prompts for (`searchOf`); only generated ones are found. */
  q?: string | undefined
  model?: string | undefined
  source?: ReuseSource | undefined
  /** Of `generatedAt`: this moment and later, and before this one. */
  from?: Date | undefined
  to?: Date | undefined
  minCostUsd?: number | undefined
}

export type ImagePage = ImageFilter & {
  /** Newest first, unless it says otherwise. */
  sort?: ListOrder | undefined
  before?: PagePosition | undefined
  limit: number
}

/** What an image was made by; null where it is an upload. */
export type MadeBy = {
  [K in 'transformation' | 'variant' | 'conditionImageDigest' | 'costNanoUsd']:
    | GenerationRow[K]
    | null
}

export type ListedImage = ImageRow & MadeBy

/** Of more than these only the newest are put in order by what they cost. */
const MAX_SORTED = 10_000
const MAX_COUNTED = 10_000

/**
 * The owner's images, in order. Those of one condition image follow two indexes; other filters cost as many rows as they skip, and a
 * search goes as that of generations. A generation that reused another's image has none of its own here, so each is listed once.
 */
export const listImages = async (db: Database, page: ImagePage): Promise<ListedImage[]> => {
  if (page.sort === 'dearest') return listDearest(db, page)
  if (page.q === undefined) return listByTime(db, page)
  const next = await listByTime(db, { ...page, q: undefined, limit: MAX_LOOKED_THROUGH })
  const among = new Set(await findAmong(db, page.ownerId, page.q, next))
  const found = next.filter(({ id }) => among.has(id)).slice(0, page.limit)
  return found.length === page.limit ? found : listByTime(db, page)
}

/** A page of the matching ones, by their time. */
const listByTime = (db: Database, page: ImagePage): Promise<ListedImage[]> => {
  const { sort = 'newest', before, limit } = page
  const direction = sort === 'oldest' ? 'asc' : 'desc'
  const isBehind = sql.raw(sort === 'oldest' ? '>' : '<')
  let query = narrow(db, page)
  if (before) {
    query = query.where(
      sql<boolean>`(m.generated_at, m.id) ${isBehind} (${before.at}, ${before.id})`,
    )
  }
  return query.orderBy('m.generatedAt', direction).orderBy('m.id', direction).limit(limit).execute()
}

const listDearest = (
  db: Database,
  { before, limit, ...filter }: ImagePage,
): Promise<ListedImage[]> => {
  const newest = narrow(db, filter).orderBy('m.generatedAt', 'desc').limit(MAX_SORTED)
  const cost = sql<number>`coalesce(m.cost_nano_usd, 0)`
  let query = db.selectFrom(newest.as('m')).selectAll()
  if (before) {
    query = query.where(sql<boolean>`(${cost}, m.id) < (${before.at.getTime()}, ${before.id})`)
  }
  return query.orderBy(cost, 'desc').orderBy('m.id', 'desc').limit(limit).execute()
}

/** Where a page ends that is so sorted. */
export const positionOfImage = (
  sort: ListOrder | undefined,
  { generatedAt, costNanoUsd, id }: ListedImage,
): PagePosition => ({
  at: sort === 'dearest' ? new Date(costNanoUsd ?? 0) : generatedAt,
  id,
})

/** How many a filter lets through; 10,000 stands for all that are more. */
export const countImages = async (
  db: Database,
  filter: ImageFilter,
): Promise<{ count: number; isCut: boolean }> => {
  const some = narrow(db, filter).clearSelect().select(sql`1`.as('one'))
  const { count } = await db
    .selectFrom(some.limit(MAX_COUNTED + 1).as('some'))
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return { count: Math.min(Number(count), MAX_COUNTED), isCut: Number(count) > MAX_COUNTED }
}

const narrow = (db: Database, page: ImageFilter) => {
  const { ownerId, conditionDigest, transformation, variant, q, model, source } = page
  const { from, to, minCostUsd } = page
  const imageType = page.imageType ?? (conditionDigest && 'generated')
  let query = db
    .selectFrom('imageMetadata as m')
    .leftJoin('generations as maker', (join) =>
      join.onRef('maker.id', '=', 'm.id').on('maker.ownerId', '=', ownerId),
    )
    .select(imageColumns.map((column) => `m.${column}` as const))
    .select(['maker.transformation', 'maker.variant', 'maker.conditionImageDigest'])
    .select('maker.costNanoUsd')
    .where('m.userId', '=', ownerId)
  if (imageType) query = query.where('m.imageType', '=', imageType)
  if (conditionDigest) query = query.where('m.id', 'in', madeFrom(ownerId, conditionDigest))
  if (transformation) query = query.where('maker.transformation', '=', transformation)
  if (variant !== undefined) query = query.where('maker.variant', '=', variant)
  if (q !== undefined) query = query.where(isFound(ownerId, q))
  if (model) query = query.where('maker.model', '=', model)
  if (source) query = query.where(wasAnswer('maker', source))
  if (from) query = query.where('m.generatedAt', '>=', from)
  if (to) query = query.where('m.generatedAt', '<', to)
  if (minCostUsd !== undefined)
    query = query.where('maker.costNanoUsd', '>=', toNanoUsd(minCostUsd))
  return query
}

/** By the index of words: what it finds is fetched by its ids. */
const isFound = (ownerId: string, q: string) => sql<boolean>`m.id = any(array(
  select g.id from generations as g where ${hasWords('g', ownerId, searchOf(q))}))`

/** Which of these have what is searched for. */
const findAmong = async (
  db: Database,
  ownerId: string,
  q: string,
  images: readonly ListedImage[],
): Promise<string[]> => {
  const ids = images.map(({ id }) => id)
  const { rows } = await sql<{ id: string }>`
    with shown as materialized (
      select id, owner_id, prompt from generations where id = any(${ids}::text[]))
    select g.id from shown as g where ${matchesWords('g', ownerId, searchOf(q))}`.execute(db)
  return rows.map(({ id }) => id)
}

/** Ids of the generations that an image is named in: most name one, in a column, the others theirs in `details`. */
const madeFrom = (ownerId: string, digest: string) => sql<string>`(
  select id from generations where owner_id = ${ownerId} and condition_image_digest = ${digest}
  union all
  select id from generations
  where owner_id = ${ownerId} and details is not null
    and jsonb_path_query_array(details, '$.**.digest') @> to_jsonb(${digest}::text))`

/**
 * The digest under which images were made from a condition image, which is named by its digest, a copy's, or the id of one
 * of the owner's images. An unknown digest is taken as it is: its image may be deleted while what was made from it is there.
 * Throws `invalid_request` for an id of no image of the owner.
 */
export const findConditionDigest = async (
  db: Database,
  ownerId: string,
  conditionImage: string,
): Promise<string> => {
  if (isImageId(conditionImage)) {
    const image = await findOwnedImage(db, ownerId, conditionImage)
    const digest = image && conditionDigestOf(image)
    if (digest) return digest
    throw new AppError('invalid_request', 'conditionImage is not the id of one of your images', {
      pointer: '?conditionImage',
    })
  }
  const copy = await db
    .selectFrom('imageMetadata')
    .select('conditionDigest')
    .where('userId', '=', ownerId)
    .where('sourceDigest', '=', conditionImage)
    .where('conditionDigest', 'is not', null)
    .limit(1)
    .executeTakeFirst()
  return copy?.conditionDigest ?? conditionImage
}

/** What identifies an image as a condition image; null for a placeholder. */
export const conditionDigestOf = ({
  conditionDigest,
  sourceDigest,
}: Pick<ImageRow, 'conditionDigest' | 'sourceDigest'>): string | null =>
  conditionDigest ?? sourceDigest
