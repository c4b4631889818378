import { type RawBuilder, sql, type Updateable } from 'kysely'
import type { BatchesTable } from '../../../db/batch-tables.ts'
import type { Database } from '../../../db/database.ts'
import { Interrupted } from '../../generation/run/lease.ts'
import { fromNow } from '../../generation/state/apply-transition.ts'
import type { HeldBatch } from './ports.ts'

/** A batch whose next step is due and that no worker has, for `leaseMs`; undefined where there is none. */
export const takeDueBatch = (
  db: Database,
  { workerId, leaseMs }: { workerId: string; leaseMs: number },
): Promise<HeldBatch | undefined> =>
  db
    .updateTable('batches')
    .set((eb) => ({ workerId, fence: eb('fence', '+', 1), leaseExpiresAt: fromNow(leaseMs) }))
    .where('id', '=', ({ selectFrom }) =>
      selectFrom('batches as due')
        .select('due.id')
        .where('state', '<>', 'closed')
        .where('dueAt', '<=', sql<Date>`now()`)
        .where(sql<boolean>`(lease_expires_at is null or lease_expires_at < now())`)
        .orderBy('dueAt')
        .limit(1)
        .forUpdate()
        .skipLocked(),
    )
    .returningAll()
    .returning(sql<Date>`now()`.as('asOf'))
    .executeTakeFirst()

/** What a step changes of its batch. */
export type Change = {
  [Column in keyof Changeable]?: Changeable[Column] | RawBuilder<Date>
}
type Changeable = Omit<Updateable<BatchesTable>, 'id' | 'fence'>

/** Writes down what a step came to; false, and nothing changed, when another worker has the batch. */
export const saveBatch = async (
  db: Database,
  { id, fence }: HeldBatch,
  change: Change,
): Promise<boolean> => {
  const { numUpdatedRows } = await db
    .updateTable('batches')
    .set(change as Updateable<BatchesTable>)
    .where('id', '=', id)
    .where('fence', '=', fence)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Of no worker any more. */
export const released = { workerId: null, leaseExpiresAt: null }

const BEATS_PER_LEASE = 3

/**
 * Keeps a batch this worker's. `signal` aborts with `Interrupted` once it is another's, or with `stopping`. Release with `stop`.
 */
export const holdBatch = (
  { db, leaseMs, stopping }: { db: Database; leaseMs: number; stopping: AbortSignal },
  batch: HeldBatch,
) => {
  const lost = new AbortController()
  const beat = async () => {
    // While Postgres is away nobody else can take it either.
    const isHeld = await saveBatch(db, batch, { leaseExpiresAt: fromNow(leaseMs) }).catch(
      () => true,
    )
    if (!isHeld) lost.abort(new Interrupted('claim_lost'))
  }
  const timer = setInterval(beat, leaseMs / BEATS_PER_LEASE)
  return { signal: AbortSignal.any([lost.signal, stopping]), stop: () => clearInterval(timer) }
}
