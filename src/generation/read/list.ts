import { type SelectQueryBuilder, sql } from 'kysely'
import { isAnswer } from '../../../db/answers.ts'
import type { Database } from '../../../db/database.ts'
import type { GenerationsTable } from '../../../db/generation-tables.ts'
import type { Schema } from '../../../db/schema.ts'
import type { GenerationStatus, Lane, ListOrder, ReuseSource } from '../../contract/vocabulary.ts'
import {
  findGenerations,
  type GenerationWithImage,
  type PagePosition,
  selectGenerations,
} from '../state/repository.ts'
import { hasWords, searchOf } from './search.ts'

/** Which generations are meant; what is absent narrows nothing. */
export type GenerationFilter = {
  /** Undefined: those of all owners. */
  ownerId: string | undefined
  /** What somebody searches their prompts for (`searchOf`). */
  q?: string | undefined
  status?: readonly GenerationStatus[] | undefined
  lane?: Lane | undefined
  source?: ReuseSource | undefined
  model?: string | undefined
  /** Of those that ended badly, unless `status` says otherwise. */
  errorCode?: string | undefined
  /** Of `createdAt`: this moment and later. */
  from?: Date | undefined
  /** Of `createdAt`: before this moment. */
  to?: Date | undefined
  /** Of what they cost, in US dollars: as much or more. */
  minCostUsd?: number | undefined
}

type GenerationPage = GenerationFilter & {
  /** Newest first, unless it says otherwise. */
  sort?: ListOrder | undefined
  before?: PagePosition | undefined
  limit: number
}

/** Of more than these only the newest are put in order by what they cost. */
const MAX_SORTED = 10_000
/** So many that a search finds are fetched and sorted; of more the newest are looked through one by one, as one in a few has the words. */
const MAX_FETCHED = 20_000
const MAX_COUNTED = 10_000

/**
 * The generations that a filter lets through, in order. It follows an index by time: that of the owner, of all
 * generations, or of those that ended badly. So a page costs as many rows as it must skip: of 100,000, a lane or the failed
 * ones 0.1 ms, a model that one in a thousand has 5 ms, one that none has 25 ms. A search goes by the index of words.
 */
export const listGenerations = async (
  db: Database,
  { sort = 'newest', ...page }: GenerationPage,
): Promise<GenerationWithImage[]> => {
  if (page.q === undefined && sort === 'newest') return listNewest(db, page)
  const ids = await findIds(db, { ...page, sort })
  const rows = ids.length > 0 ? await findGenerations(db, ids) : []
  const byId = new Map(rows.map((row) => [row.id, row]))
  return ids.flatMap((id) => byId.get(id) ?? [])
}

/** Where a page ends that is so sorted. */
export const positionIn = (
  sort: ListOrder | undefined,
  { createdAt, costUsd, id }: GenerationWithImage,
): PagePosition => ({ at: sort === 'dearest' ? new Date(toNanoUsd(costUsd)) : createdAt, id })

/** How many a filter lets through; 10,000 stands for all that are more. */
export const countGenerations = async (
  db: Database,
  filter: GenerationFilter,
): Promise<{ count: number; isCut: boolean }> => {
  const some = narrow(db.selectFrom('generations as g').select(sql`1`.as('one')), filter)
  const { count } = await db
    .selectFrom(some.limit(MAX_COUNTED + 1).as('some'))
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return { count: Math.min(Number(count), MAX_COUNTED), isCut: Number(count) > MAX_COUNTED }
}

/** SQL that is true of a generation, under its alias, that ended so or was given as an answer so: each is looked up by index. */
export const wasAnswer = (alias: string, source: ReuseSource) => sql<boolean>`(
  ${sql.ref(`${alias}.reuseSource`)} = ${source} or exists (
    select from generation_events
    where generation_id = ${sql.ref(`${alias}.id`)} and ${isAnswer} and data->>'source' = ${source}))`

const listNewest = (
  db: Database,
  { before, limit, ...filter }: Omit<GenerationPage, 'sort'>,
): Promise<GenerationWithImage[]> => {
  let query = narrow(selectGenerations(db), filter)
  if (before) {
    query = query.where(sql<boolean>`(g.created_at, g.id) < (${before.at}, ${before.id})`)
  }
  return query.orderBy('g.createdAt', 'desc').orderBy('g.id', 'desc').limit(limit).execute()
}

/**
 * The ids of a page. What a search finds is fetched first and then sorted, where it is not too much: Postgres can't be left to choose, as
 * it would take a word that only old prompts have for one that the newest may have as well.
 */
const findIds = async (
  db: Database,
  { sort = 'newest', before, limit, ...filter }: GenerationPage,
): Promise<string[]> => {
  const { ownerId } = filter
  const isFew = filter.q !== undefined && (await isFoundFew(db, ownerId, filter.q))
  let matching = narrow(
    db.selectFrom('generations as g').select(['g.id', 'g.ownerId', 'g.createdAt', 'g.costUsd']),
    filter,
  )
  const keyset = before && isBehind(sort, before)
  if (!isFew) {
    const isByTime = sort !== 'dearest'
    if (keyset && isByTime) matching = matching.where(keyset)
    matching = matching
      .orderBy('g.createdAt', sort === 'oldest' ? 'asc' : 'desc')
      .orderBy('g.id', sort === 'oldest' ? 'asc' : 'desc')
      .limit(isByTime ? limit : MAX_SORTED)
  }
  let page = db
    .with(
      (cte) => cte('matching').materialized(),
      () => matching,
    )
    .selectFrom('matching as g')
    .select('g.id')
  if (ownerId !== undefined) page = page.where('g.ownerId', '=', ownerId)
  if (keyset) page = page.where(keyset)
  const direction = sort === 'oldest' ? 'asc' : 'desc'
  const rows = await page
    .orderBy(sort === 'dearest' ? 'g.costUsd' : 'g.createdAt', direction)
    .orderBy('g.id', direction)
    .limit(limit)
    .execute()
  return rows.map(({ id }) => id)
}

/** True where a search finds no more than can be fetched and sorted. */
export const isFoundFew = async (
  db: Database,
  ownerId: string | undefined,
  q: string,
): Promise<boolean> => {
  const some = db
    .selectFrom('generations as g')
    .select(sql`1`.as('one'))
    .where(hasWords('g', ownerId, searchOf(q)))
    .limit(MAX_FETCHED + 1)
  const { count } = await db
    .selectFrom(some.as('some'))
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count) <= MAX_FETCHED
}

const isBehind = (sort: ListOrder, { at, id }: PagePosition) => {
  if (sort === 'oldest') return sql<boolean>`(g.created_at, g.id) > (${at}, ${id})`
  if (sort === 'newest') return sql<boolean>`(g.created_at, g.id) < (${at}, ${id})`
  return sql<boolean>`(round(g.cost_usd * 1e9), g.id) < (${at.getTime()}, ${id})`
}

const toNanoUsd = (usd: number): number => Math.round(usd * 1e9)

type Tables = Omit<Schema, 'g'> & { g: GenerationsTable }

const narrow = <DB extends Tables, TB extends keyof DB & ('g' | string), O>(
  query: SelectQueryBuilder<DB, TB, O>,
  filter: GenerationFilter,
): SelectQueryBuilder<DB, TB, O> => {
  const status = filter.status ?? (filter.errorCode ? ENDED_BADLY : undefined)
  const { ownerId, q, lane, source, model, errorCode, from, to, minCostUsd } = filter
  const conditions = [
    q !== undefined && hasWords('g', ownerId, searchOf(q)),
    q === undefined && ownerId !== undefined && sql<boolean>`g.owner_id = ${ownerId}`,
    status && sql<boolean>`g.status in (${sql.join(status)})`,
    lane && sql<boolean>`g.lane = ${lane}`,
    source && wasAnswer('g', source),
    model && sql<boolean>`g.model = ${model}`,
    errorCode && sql<boolean>`g.error_code = ${errorCode}`,
    from && sql<boolean>`g.created_at >= ${from}`,
    to && sql<boolean>`g.created_at < ${to}`,
    minCostUsd !== undefined && sql<boolean>`g.cost_usd >= ${minCostUsd}`,
  ]
  return conditions.reduce(
    (narrowed, condition) => (condition ? narrowed.where(condition) : narrowed),
    query,
  )
}

/** They have an index of their own. */
const ENDED_BADLY: readonly GenerationStatus[] = ['failed', 'canceled']
