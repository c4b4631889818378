import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { SimilarityMode } from '../../contract/vocabulary.ts'
import { digestPrompt, type PromptRow } from './embedding-rows.ts'
import { createScope, isComparable } from './scope.ts'

export type MissingEmbedding = PromptRow & { prompt: string }

const PAGE_IMAGES = 500

/** The next ids of images by their key; empty at the end. */
export const listImageIds = async (db: Database, after: string): Promise<string[]> => {
  const rows = await db
    .selectFrom('imageMetadata')
    .select('id')
    .where('id', '>', after)
    .orderBy('id')
    .limit(PAGE_IMAGES)
    .execute()
  return rows.map(({ id }) => id)
}

/** Of these images the prompts without an embedding by the model, each fingerprint once; only of owners whose images are compared. */
export const findMissing = async (
  db: Database,
  imageIds: readonly string[],
  { model, defaultMode }: { model: string; defaultMode: SimilarityMode },
): Promise<MissingEmbedding[]> => {
  const rows = await db
    .selectFrom('generations as made')
    .leftJoin('ownerSimilarity as owner', 'owner.ownerId', 'made.ownerId')
    .distinctOn('made.fingerprint')
    .select([
      'made.fingerprint',
      'made.ownerId',
      'made.prompt',
      'made.transformation',
      'made.conditionImageDigest',
      'made.provider',
      'made.model',
      'made.aspectRatio',
      'made.imageSize',
      'made.variant',
      'made.details',
    ])
    .where('made.id', '=', sql<string>`any(${imageIds}::text[])`)
    .whereRef('made.imageId', '=', 'made.id')
    .where('made.isPromptReduced', '=', false)
    .where(sql<boolean>`coalesce(owner.mode, ${defaultMode}) <> 'off'`)
    // In this form it can only be done by index, however many embeddings there are.
    .where(
      sql<boolean>`(select 1 from prompt_embeddings
        where fingerprint = made.fingerprint and model = ${model} limit 1) is null`,
    )
    .execute()
  return Promise.all(
    rows.filter(isComparable).map(async (row) => ({
      fingerprint: row.fingerprint,
      ownerId: row.ownerId,
      scope: await createScope(row),
      prompt: row.prompt,
      promptDigest: digestPrompt(row.prompt),
    })),
  )
}
