import { type Selectable, sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { ErasuresTable } from '../../../db/erasure-tables.ts'
import { nudge } from '../../../db/nudges.ts'
import type { NanoUsdSum } from '../../lib/money.ts'
import { digestOwner } from './digest-owner.ts'

export type ErasureRow = Selectable<ErasuresTable>
/** One that is under way. */
export type Erasure = ErasureRow & { ownerId: string }

/** The nudge that says that an erasure has begun or ended. */
export const ERASURES_CHANGED = 'erasures_changed'

/** A worker that says nothing for so long is taken for dead; each batch says it again. */
const LEASE_SECONDS = 15

/** Begins the erasure of an owner, known or not; the one that is under way where there is one. A worker does the rest. */
export const beginErasure = async (
  db: Database,
  ownerId: string,
  askedBy: ErasureRow['askedBy'],
): Promise<ErasureRow> => {
  await db
    .insertInto('erasures')
    .values({ ownerId, ownerDigest: digestOwner(ownerId), askedBy })
    .onConflict((conflict) =>
      conflict.column('ownerId').where('ownerId', 'is not', null).doNothing(),
    )
    .execute()
  await nudge(db, [ERASURES_CHANGED])
  const erasure = await findErasure(db, ownerId)
  if (!erasure) throw new Error('an erasure that was begun is gone')
  return erasure
}

/** The newest of an owner, under way or done. */
export const findErasure = (db: Database, ownerId: string): Promise<ErasureRow | undefined> =>
  db
    .selectFrom('erasures')
    .selectAll()
    .where('ownerDigest', '=', digestOwner(ownerId))
    .orderBy('requestedAt', 'desc')
    .limit(1)
    .executeTakeFirst()

export const findErasureById = (db: Database, id: string): Promise<ErasureRow | undefined> =>
  db.selectFrom('erasures').selectAll().where('id', '=', id).executeTakeFirst()

/** Takes one that no other worker is at; the one that has waited longest first. */
export const claimErasure = async (db: Database): Promise<Erasure | undefined> => {
  const claimed = await db
    .updateTable('erasures')
    .set({ leaseExpiresAt: lease })
    .where('id', '=', ({ selectFrom }) =>
      selectFrom('erasures as one')
        .select('one.id')
        .where('ownerId', 'is not', null)
        .where(sql<boolean>`(lease_expires_at is null or lease_expires_at < now())`)
        .orderBy('requestedAt')
        .limit(1)
        .forUpdate()
        .skipLocked(),
    )
    .returningAll()
    .executeTakeFirst()
  return claimed?.ownerId ? { ...claimed, ownerId: claimed.ownerId } : undefined
}

/** Leaves one to whichever worker looks next. */
export const releaseErasure = async (db: Database, { id }: Erasure): Promise<void> => {
  await db.updateTable('erasures').set({ leaseExpiresAt: null }).where('id', '=', id).execute()
}

/** Adds to the receipt, in the transaction of what it counts, and says that the worker is there. */
export const addCounts = async (
  tx: Database,
  { id }: Erasure,
  counts: Record<string, number>,
  spentNanoUsd: NanoUsdSum = 0,
): Promise<void> => {
  await sql`
    update erasures set lease_expires_at = ${lease}, spent_nano_usd = spent_nano_usd + ${spentNanoUsd}::bigint,
      counts = counts || coalesce((
        select jsonb_object_agg(key, coalesce((counts->>key)::bigint, 0) + value::bigint)
        from jsonb_each_text(${JSON.stringify(counts)}::jsonb) where value <> '0'), '{}')
    where id = ${id}`.execute(tx)
}

/** The owners that are being erased. */
export const listErasing = async (db: Database): Promise<string[]> => {
  const rows = await db
    .selectFrom('erasures')
    .select('ownerId')
    .where('ownerId', 'is not', null)
    .execute()
  return rows.flatMap(({ ownerId }) => ownerId ?? [])
}

const lease = sql<Date>`now() + ${sql.lit(LEASE_SECONDS)} * interval '1 second'`
