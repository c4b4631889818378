import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { nudgeWithCommit } from '../../../db/nudges.ts'
import type { AccessKeyRow } from '../../../db/schema.ts'
import type { KeyInput } from '../../contract/key.ts'
import { keyName } from '../../generation/state/channel.ts'
import type { PagePosition } from '../../generation/state/repository.ts'
import { createKeySecret, digestOf, keyIdOf, prefixOf } from './secret.ts'

/** Makes a key. The secret is answered here and never again. */
export const insertKey = async (
  db: Database,
  input: Omit<KeyInput, 'onBehalf' | 'dailyUsd' | 'monthlyUsd'>,
  createdBy: string,
): Promise<{ row: AccessKeyRow; secret: string }> => {
  const secret = createKeySecret()
  const digest = digestOf(secret)
  const row = await db
    .insertInto('accessKeys')
    .values({
      id: keyIdOf(digest),
      digest,
      prefix: prefixOf(secret),
      name: input.name,
      ownerId: input.ownerId ?? null,
      namespace: input.namespace ?? null,
      scopes: [...new Set(input.scopes)],
      models: input.models ?? null,
      sizes: input.sizes ?? null,
      lanes: input.lanes ?? null,
      origins: input.origins ?? null,
      perMinute: input.perMinute ?? null,
      variants: input.variants,
      eagerTier: input.eagerTier ?? null,
      upstreamKeys: input.upstreamKeys ?? null,
      createdBy,
      expiresAt: input.expiresAt === undefined ? null : new Date(input.expiresAt),
      revokedAt: null,
      lastUsedAt: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  return { row, secret }
}

export const findKeyRow = (db: Database, id: string): Promise<AccessKeyRow | undefined> =>
  db.selectFrom('accessKeys').selectAll().where('id', '=', id).executeTakeFirst()

/** Newest first, those that are over among them. */
export const listKeys = (
  db: Database,
  { before, limit }: { before: PagePosition | undefined; limit: number },
): Promise<AccessKeyRow[]> => {
  let query = db.selectFrom('accessKeys').selectAll()
  if (before) query = query.where(sql<boolean>`(created_at, id) < (${before.at}, ${before.id})`)
  return query.orderBy('createdAt', 'desc').orderBy('id', 'desc').limit(limit).execute()
}

/** Ends a key for good, and tells every process. Undefined where there is none; one that is revoked stays as it is. */
export const revokeKey = (db: Database, id: string): Promise<AccessKeyRow | undefined> =>
  db.transaction().execute(async (tx) => {
    const row = await tx
      .updateTable('accessKeys')
      .set({ revokedAt: sql<Date>`coalesce(revoked_at, now())` })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst()
    if (row) await nudgeWithCommit(tx, keyName(id))
    return row
  })

/** Notes that these were used, each now: who looks wants the day, not the second. */
export const markUsed = (db: Database, ids: readonly string[]): Promise<unknown> =>
  db
    .updateTable('accessKeys')
    .set({ lastUsedAt: sql<Date>`now()` })
    .where('id', 'in', ids)
    .execute()
