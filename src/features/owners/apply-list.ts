import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { ImageStore } from '../../generation/ports.ts'
import { ownerDigestOf } from './digest-owner.ts'
import { readList } from './erasure-list.ts'
import { beginErasure } from './erasures.ts'

const BATCH_DIGESTS = 1_000

/**
 * Begins again the erasures of the list that a backup which was restored knew nothing of: those of owners who are here, and were
 * before their erasure was asked for. Who came back afterwards is left alone. Safe to repeat; says how many are on the list, and how
 * many were begun. Throws when Postgres or the store does not answer.
 */
export const applyList = async ({
  db,
  store,
}: {
  db: Database
  store: Pick<ImageStore, 'list'>
}): Promise<{ listed: number; begun: number }> => {
  const listed = [...(await readList(store)).values()]
  let begun = 0
  for (let at = 0; at < listed.length; at += BATCH_DIGESTS) {
    const batch = listed.slice(at, at + BATCH_DIGESTS)
    const { rows } = await sql<{ id: string }>`
      select users.id from users
      join json_to_recordset(${JSON.stringify(batch)}::json) as one("ownerDigest" text, "requestedAt" timestamptz)
        on one."ownerDigest" = ${ownerDigestOf(sql.ref('users.id'))}
      where users.created_at <= one."requestedAt"
        and not exists (select from erasures where erasures.owner_id = users.id)`.execute(db)
    for (const { id } of rows) await beginErasure(db, id, 'list')
    begun += rows.length
  }
  return { listed: listed.length, begun }
}
