import { sql } from 'kysely'
import type { Database } from '../../../../db/database.ts'
import { createCompareCode } from '../embedding-code.ts'
import type { NeighbourQuery } from '../ports.ts'
import { byNearness, type Candidate } from './nearest.ts'
import type { VectorIndex } from './vector-index.ts'

/** How many neighbours HNSW keeps in view: at 100 it missed none of ten in what was measured (ADR 32). */
const MIN_IN_VIEW = 100
const MAX_IN_VIEW = 1_000

/**
 * The `count` nearest prompts by pgvector's index, nearest first. Their similarity is that of their codes, so the same as by
 * comparing all. `isAll`: none behind them is near enough.
 */
export const searchCandidates = async (
  db: Database,
  query: NeighbourQuery,
  index: VectorIndex,
  count: number,
): Promise<{ candidates: Candidate[]; isAll: boolean }> => {
  const { ownerId, scope, model, code, fingerprint, minSimilarity } = query
  const dimensions = sql.lit(code.length)
  const rows = await db.transaction().execute(async (tx) => {
    await sql`select ${sql.join(listSettings(index, count))}`.execute(tx)
    // Model and dimensions stand in the text, as in the condition of the index.
    const found = await sql<{ fingerprint: string; code: Buffer }>`
      select fingerprint, code from prompt_embeddings
      where owner_id = ${ownerId} and scope = ${scope} and model = ${sql.lit(model)}
        and octet_length(code) = ${dimensions} and fingerprint <> ${fingerprint}
      order by prompt_vector(code)::vector(${dimensions}) <=> prompt_vector(${code})::vector(${dimensions})
      limit ${count}`.execute(tx)
    return found.rows
  })
  const compare = createCompareCode(code)
  const found = rows
    .map((row) => ({ fingerprint: row.fingerprint, similarity: compare(row.code) }))
    .sort(byNearness)
  const candidates = found.filter(({ similarity }) => similarity >= minSimilarity)
  return { candidates, isAll: found.length === count && candidates.length < count }
}

/** For this transaction: to order by the index and nothing else, and to look on until there are enough. */
const listSettings = ({ canGoOn }: VectorIndex, count: number) => {
  const inView = Math.min(MAX_IN_VIEW, Math.max(MIN_IN_VIEW, count))
  const settings = {
    enable_sort: 'off',
    jit: 'off',
    'hnsw.ef_search': String(inView),
    ...(canGoOn && { 'hnsw.iterative_scan': 'relaxed_order' }),
  }
  return Object.entries(settings).map(([name, value]) => sql`set_config(${name}, ${value}, true)`)
}
