import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { Suggestion } from '../../../db/generation-tables.ts'
import type { GenerationRow } from '../../../db/schema.ts'
import type { SimilarityMode } from '../../contract/vocabulary.ts'
import type { NanoUsd } from '../../lib/money.ts'

export type Check = {
  mode: SimilarityMode
  model: string
  /** The image that `reuse` answers with. */
  match: Suggestion | undefined
  durationMs: number
  embeddingCostNanoUsd: NanoUsd
  judgeCostNanoUsd: NanoUsd
}

/** Writes down a comparison; a further one of the same generation takes its place, and its costs add up. */
export const writeCheck = async (
  db: Database,
  { id: generationId, ownerId }: GenerationRow,
  { mode, model, match, durationMs, embeddingCostNanoUsd, judgeCostNanoUsd }: Check,
): Promise<void> => {
  const found = {
    mode,
    model,
    isMatch: match !== undefined,
    imageId: match?.id ?? null,
    similarity: match?.similarity ?? null,
    judgeModel: match?.judge ?? null,
    accepted: null,
    judgedAt: null,
  }
  await db
    .insertInto('similarityChecks')
    .values({ generationId, ownerId, ...found, durationMs, embeddingCostNanoUsd, judgeCostNanoUsd })
    .onConflict((conflict) =>
      conflict.column('generationId').doUpdateSet(({ ref }) => ({
        ...found,
        durationMs,
        embeddingCostNanoUsd: sql<NanoUsd>`${ref('similarityChecks.embeddingCostNanoUsd')} + ${embeddingCostNanoUsd}::bigint`,
        judgeCostNanoUsd: sql<NanoUsd>`${ref('similarityChecks.judgeCostNanoUsd')} + ${judgeCostNanoUsd}::bigint`,
      })),
    )
    .execute()
}
