import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { SimilarityMode } from '../../contract/vocabulary.ts'
import { AppError } from '../../lib/errors.ts'

type OwnersChoice = { mode: SimilarityMode | null; fellBackAt: Date | null }

/**
 * What becomes of a similar image: as the request says, else its owner, else the setting. Where the owner's reuse fell back,
 * `reuse` is `suggest`, even where the request asks for it.
 */
export const resolveMode = async (
  db: Database,
  { ownerId, requested }: { ownerId: string; requested: SimilarityMode | null },
  defaultMode: SimilarityMode,
): Promise<SimilarityMode> => {
  if (requested !== null && requested !== 'reuse') return requested
  return chooseMode(requested, await findOwnersChoice(db, ownerId), defaultMode)
}

/** The same where the owner's choice is known. */
export const chooseMode = (
  requested: SimilarityMode | null,
  owner: OwnersChoice | undefined,
  defaultMode: SimilarityMode,
): SimilarityMode => {
  const chosen = requested ?? owner?.mode ?? defaultMode
  return chosen === 'reuse' && owner?.fellBackAt ? 'suggest' : chosen
}

/** Undefined for an owner that never said anything. */
export const findOwnersChoice = (
  db: Database,
  ownerId: string,
): Promise<OwnersChoice | undefined> =>
  db
    .selectFrom('ownerSimilarity')
    .select(['mode', 'fellBackAt'])
    .where('ownerId', '=', ownerId)
    .executeTakeFirst()

/**
 * Null leaves the choice to the server. Forgets that reuse fell back and what was said of it: it is measured anew. Throws
 * `not_found` for an owner that there is not.
 */
export const setOwnersMode = async (
  db: Database,
  ownerId: string,
  mode: SimilarityMode | null,
): Promise<void> => {
  // The clock of the statement, as it may have waited for a verdict that is to count no more.
  const { rows } = await sql`
    insert into owner_similarity (owner_id, mode, judged_since)
    select id, ${mode}, clock_timestamp() from users where id = ${ownerId}
    on conflict (owner_id)
      do update set mode = excluded.mode, judged_since = clock_timestamp(), fell_back_at = null
    returning owner_id`.execute(db)
  if (rows.length === 0) throw new AppError('not_found', 'There is no owner with this id.')
}
