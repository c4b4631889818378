import { sql } from 'kysely'
import type { Database } from '../../../../db/database.ts'
import { nameVectorIndex } from '../../../../db/vector-index.ts'
import type { NeighbourQuery } from '../ports.ts'

/** `prompts`: how many are in it, about. `canGoOn`: whether it looks further when a filter takes what it found. */
export type VectorIndex = { prompts: number; canGoOn: boolean }

const MAX_AGE_MS = 60_000

/** Finds the index of a model where it has been made, by a question of once a minute. */
export const createFindVectorIndex = () => {
  const known = new Map<string, { askedAt: number; index: VectorIndex | undefined }>()
  return async (db: Database, model: string): Promise<VectorIndex | undefined> => {
    const earlier = known.get(model)
    if (earlier && performance.now() - earlier.askedAt < MAX_AGE_MS) return earlier.index
    const askedAt = performance.now()
    const index = await selectVectorIndex(db, model)
    known.set(model, { askedAt, index })
    return index
  }
}

const selectVectorIndex = async (db: Database, model: string): Promise<VectorIndex | undefined> => {
  const { rows } = await sql<VectorIndex>`
    select t.reltuples as prompts, string_to_array(e.extversion, '.')::int[] >= array[0, 8] as can_go_on
    from pg_index i join pg_class t on t.oid = i.indrelid cross join pg_extension e
    where i.indexrelid = to_regclass(${nameVectorIndex(model)}) and i.indisvalid and e.extname = 'vector'`.execute(
    db,
  )
  return rows[0]
}

/** What the index visits and a filter drops costs so many times as much as comparing one code. */
const VISIT_COST = 5

/** Comparing them all takes some 5 ms. */
const FEW = 2_000

/**
 * Whether the index finds `count` of a scope faster than comparing all of it. It visits neighbours of everybody until enough
 * are of the scope, so the smaller the share of the scope, the more it visits, and the more it misses.
 */
export const isWorthIt = async (
  db: Database,
  { ownerId, scope, model }: NeighbourQuery,
  { prompts }: VectorIndex,
  count: number,
): Promise<boolean> => {
  const worthFrom = Math.max(FEW, Math.ceil(Math.sqrt(VISIT_COST * count * Math.max(0, prompts))))
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from (
      select from prompt_embeddings
      where owner_id = ${ownerId} and scope = ${scope} and model = ${model} limit ${worthFrom}
    ) as counted`.execute(db)
  return rows[0]?.count === worthFrom
}
