import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { listGenerations } from '../../generation/read/list.ts'
import { findGenerations, type GenerationWithImage } from '../../generation/state/repository.ts'

/** As many as are looked at before one types on. */
const MAX_OF_EACH = 8
/** Ids that come after one in order begin like it, but for some that differ in case: so many are looked at. */
const MAX_OWNERS_READ = 200

const ID = /^g_[0-9a-f]{1,40}$/

/**
 * The newest generations whose prompts have the words, or those whose ids begin so; the owner's alone, unless that is undefined.
 */
export const findByText = (
  db: Database,
  ownerId: string | undefined,
  q: string,
): Promise<GenerationWithImage[]> =>
  ID.test(q) ? findById(db, ownerId, q) : listGenerations(db, { ownerId, q, limit: MAX_OF_EACH })

/** Ids are hexadecimal, so that what begins so lies between it and it with a `g` behind it, whatever the order of letters. */
const findById = async (
  db: Database,
  ownerId: string | undefined,
  start: string,
): Promise<GenerationWithImage[]> => {
  let query = db
    .selectFrom('generations')
    .select('id')
    .where('id', '>=', start)
    .where('id', '<', `${start}g`)
  if (ownerId !== undefined) query = query.where('ownerId', '=', ownerId)
  const rows = await query.orderBy('id').limit(MAX_OF_EACH).execute()
  const ids = rows.map(({ id }) => id)
  return ids.length > 0 ? findGenerations(db, ids) : []
}

/** Those whose ids begin so, in order. */
export const findOwners = async (db: Database, start: string): Promise<string[]> => {
  const next = db
    .selectFrom('users')
    .select('id')
    .where('id', '>=', start)
    .orderBy('id')
    .limit(MAX_OWNERS_READ)
  const rows = await db
    .selectFrom(next.as('next'))
    .select('id')
    .where(sql<boolean>`starts_with(id, ${start})`)
    .limit(MAX_OF_EACH)
    .execute()
  return rows.map(({ id }) => id)
}
