import type { Database } from '../../../db/database.ts'
import type { Suggestion } from '../../../db/generation-tables.ts'
import { findGenerations, type GenerationWithImage } from '../state/repository.ts'

/** A similar image with the generation that made it. */
export type Suggested = Suggestion & { generation: GenerationWithImage }

type Row = Pick<GenerationWithImage, 'ownerId' | 'suggestions'>

/** Of each row the suggested images that are still there, and are its owner's. */
export const findSuggested = async (db: Database, rows: readonly Row[]): Promise<Suggested[][]> => {
  const ids = rows.flatMap(({ suggestions }) => (suggestions ?? []).map(({ id }) => id))
  const found = ids.length > 0 ? await findGenerations(db, [...new Set(ids)]) : []
  const byId = new Map(found.map((generation) => [generation.id, generation]))
  return rows.map(({ ownerId, suggestions }) =>
    (suggestions ?? []).flatMap((suggestion) => {
      const generation = byId.get(suggestion.id)
      const isShown = generation?.imageObjectKey && generation.ownerId === ownerId
      return isShown ? [{ ...suggestion, generation }] : []
    }),
  )
}
