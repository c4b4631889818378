import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { SurplusRow } from '../../../db/schema.ts'

export type Surplus = Omit<SurplusRow, 'attemptId' | 'createdAt'>

/** Writes down what the newest attempt brought besides its image; once, however often that is repeated. Not fenced: it is paid for. */
export const insertSurplus = async (db: Database, surplus: Surplus): Promise<void> => {
  const newestAttempt = sql<string>`(
    select coalesce(max(id), 0) from attempts where generation_id = ${surplus.generationId})`
  await db
    .insertInto('surplusObjects')
    .values({ ...surplus, attemptId: newestAttempt })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** More than anybody looks at; one that was asked for again and again may have them. */
const MAX_LISTED = 100

/** The newest 100, in the order of time. */
export const listSurplus = async (db: Database, generationId: string): Promise<SurplusRow[]> => {
  const newest = await db
    .selectFrom('surplusObjects')
    .selectAll()
    .where('generationId', '=', generationId)
    .orderBy('createdAt', 'desc')
    .limit(MAX_LISTED)
    .execute()
  return newest.reverse()
}

export const findSurplus = (
  db: Database,
  generationId: string,
  digest: string,
): Promise<SurplusRow | undefined> =>
  db
    .selectFrom('surplusObjects')
    .selectAll()
    .where('generationId', '=', generationId)
    .where('digest', '=', digest)
    .limit(1)
    .executeTakeFirst()

/** Forgets it all; returns the keys of the objects. */
export const deleteSurplus = async (db: Database, generationId: string): Promise<string[]> => {
  const deleted = await db
    .deleteFrom('surplusObjects')
    .where('generationId', '=', generationId)
    .returning('objectKey')
    .execute()
  return [...new Set(deleted.map(({ objectKey }) => objectKey))]
}
