import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { Suggestion } from '../../../db/generation-tables.ts'
import type { GenerationRow } from '../../../db/schema.ts'
import type { SimilarityMode } from '../../contract/vocabulary.ts'

export type Check = {
  mode: SimilarityMode
  model: string
  /** The image that `reuse` answers with. */
  match: Suggestion | undefined
  durationMs: number
  embeddingCostUsd: number
}

/** Writes down a comparison; a further one of the same generation takes its place, and its costs add up. */
export const writeCheck = async (
  db: Database,
  { id: generationId, ownerId }: GenerationRow,
  { mode, model, match, durationMs, embeddingCostUsd }: Check,
): Promise<void> => {
  const found = {
    mode,
    model,
    isMatch: match !== undefined,
    imageId: match?.id ?? null,
    similarity: match?.similarity ?? null,
    accepted: null,
    judgedAt: null,
  }
  await db
    .insertInto('similarityChecks')
    .values({ generationId, ownerId, ...found, durationMs, embeddingCostUsd })
    .onConflict((conflict) =>
      conflict.column('generationId').doUpdateSet(({ ref }) => ({
        ...found,
        durationMs,
        embeddingCostUsd: sql<number>`${ref('similarityChecks.embeddingCostUsd')} + ${embeddingCostUsd}`,
      })),
    )
    .execute()
}
