import { type SelectQueryBuilder, sql } from 'kysely'
import { isAnswer } from '../../../db/answers.ts'
import type { Database } from '../../../db/database.ts'
import type { GenerationsTable } from '../../../db/generation-tables.ts'
import type { Schema } from '../../../db/schema.ts'
import type { GenerationStatus, Lane, ListOrder, ReuseSource } from '../../contract/vocabulary.ts'
import { toNanoUsd } from '../../lib/money.ts'
import {
  findGenerations,
  type GenerationWithImage,
  type PagePosition,
  selectGenerations,
} from '../state/repository.ts'
import { hasWords, matchesWords, searchOf } from './search.ts'

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
const MAX_COUNTED = 10_000
/** So many of the next ones are looked through for what is searched for: where a page of them has it, that is soonest done. */
export const MAX_LOOKED_THROUGH = 1_000

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
  { createdAt, costNanoUsd, id }: GenerationWithImage,
): PagePosition => ({ at: sort === 'dearest' ? new Date(costNanoUsd) : createdAt, id })

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
  ${sql.ref(`${alias}.reuseSource`)} = ${source} or (
    select true from generation_events
    where generation_id = ${sql.ref(`${alias}.id`)} and ${isAnswer} and data->>'source' = ${source}
    limit 1) is not null)`

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
 * The ids of a page. A word that many prompts have is found among the next thousand, and a rare one by the index of words, which finds
 * few to be sorted. Postgres is not left to choose: it would take a word that only old prompts have for one that new ones have as well.
 */
const findIds = async (
  db: Database,
  { q, ...page }: GenerationPage & { sort: ListOrder },
): Promise<string[]> => {
  if (q === undefined || page.sort !== 'dearest') {
    const next = listNext(db, { ...page, q: undefined }, q === undefined)
    const ids = await sortPage(db, page, next, q)
    if (q === undefined || ids.length === page.limit) return ids
  }
  const found = db.selectFrom('generations as g').select(SORTED)
  return sortPage(db, page, narrow(found, { ...page, q }))
}

const SORTED = ['g.id', 'g.ownerId', 'g.createdAt', 'g.costNanoUsd', 'g.prompt'] as const

/** In the order of time, by an index of that: a page of them, or as many as are looked through or sorted otherwise. */
const listNext = (db: Database, page: GenerationPage & { sort: ListOrder }, isWhole: boolean) => {
  const { sort, before, limit } = page
  let next = narrow(db.selectFrom('generations as g').select(SORTED), page)
  if (before && sort !== 'dearest') next = next.where(isBehind(sort, before))
  const direction = sort === 'oldest' ? 'asc' : 'desc'
  return next
    .orderBy('g.createdAt', direction)
    .orderBy('g.id', direction)
    .limit(sort === 'dearest' ? MAX_SORTED : isWhole ? limit : MAX_LOOKED_THROUGH)
}

/** `q`: what is yet to be looked for in them. */
const sortPage = async (
  db: Database,
  { ownerId, sort, before, limit }: GenerationPage & { sort: ListOrder },
  matching: ReturnType<typeof listNext>,
  q?: string,
): Promise<string[]> => {
  let page = db
    .with(
      (cte) => cte('matching').materialized(),
      () => matching,
    )
    .selectFrom('matching as g')
    .select('g.id')
  if (ownerId !== undefined) page = page.where('g.ownerId', '=', ownerId)
  if (q !== undefined) page = page.where(matchesWords('g', ownerId, searchOf(q)))
  if (before) page = page.where(isBehind(sort, before))
  const direction = sort === 'oldest' ? 'asc' : 'desc'
  const rows = await page
    .orderBy(sort === 'dearest' ? 'g.costNanoUsd' : 'g.createdAt', direction)
    .orderBy('g.id', direction)
    .limit(limit)
    .execute()
  return rows.map(({ id }) => id)
}

const isBehind = (sort: ListOrder, { at, id }: PagePosition) => {
  if (sort === 'oldest') return sql<boolean>`(g.created_at, g.id) > (${at}, ${id})`
  if (sort === 'newest') return sql<boolean>`(g.created_at, g.id) < (${at}, ${id})`
  return sql<boolean>`(g.cost_nano_usd, g.id) < (${at.getTime()}, ${id})`
}

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
    minCostUsd !== undefined && sql<boolean>`g.cost_nano_usd >= ${toNanoUsd(minCostUsd)}`,
  ]
  return conditions.reduce(
    (narrowed, condition) => (condition ? narrowed.where(condition) : narrowed),
    query,
  )
}

/** They have an index of their own. */
const ENDED_BADLY: readonly GenerationStatus[] = ['failed', 'canceled']
