import { sql, type Transaction } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { GenerationRow, Schema } from '../../../db/schema.ts'
import { AppError } from '../../lib/errors.ts'
import { findGeneration, type GenerationWithImage } from '../state/repository.ts'

const IDEMPOTENCY_KEY_TTL_HOURS = 24

/** A client's key and what it came with. */
export type RequestedKey = {
  key: string
  /** Of the generation that it comes to: what a release up to 0.1 knew of the request. */
  requestDigest: string
  /** Of what the client sent, which no setting of the server changes; absent from such a release. */
  sentDigest?: string
}

type Binding = RequestedKey & { ownerId: string; generationId: string }

type Bound =
  | { isNew: true; pointTo(generationId: string): Promise<void> }
  | { isNew: false; generationId: string }

/** What `requestDigest` would be if the server had this model, where the request names none. */
export type DescribeOlder = (made: Pick<GenerationRow, 'provider' | 'model'>) => Promise<string>

/**
 * Binds a client's key to one submission for 24 h. A second caller with the same key waits for the first one's
 * transaction, then gets its generation. Throws `idempotency_key_reused` when the key came with another request.
 * The owner's row must be there.
 */
export const bindIdempotencyKey = async (
  tx: Transaction<Schema>,
  binding: Binding,
  describeOlder?: DescribeOlder,
): Promise<Bound> => {
  if (await insertOrRenew(tx, binding)) {
    return { isNew: true, pointTo: (generationId) => pointTo(tx, binding, generationId) }
  }
  const existing = await selectKey(tx, binding)
  if (await isSameRequest(tx, existing, binding, describeOlder)) {
    return { isNew: false, generationId: existing.generationId }
  }
  throw keyReused()
}

const keyReused = () =>
  new AppError(
    'idempotency_key_reused',
    'This Idempotency-Key came with another request within the last 24 hours; use a new key for a new request.',
    { pointer: 'Idempotency-Key' },
  )

/**
 * The generation that a client's key is bound to already, which `bindIdempotencyKey` would come to; undefined where it would be bound
 * anew. Changes nothing. Throws `idempotency_key_reused` as that does.
 */
export const findBound = async (
  db: Database,
  binding: Binding,
  describeOlder?: DescribeOlder,
): Promise<GenerationWithImage | undefined> => {
  const existing = await db
    .selectFrom('idempotencyKeys')
    .select(['requestDigest', 'sentDigest', 'generationId'])
    .where('ownerId', '=', binding.ownerId)
    .where('key', '=', binding.key)
    .where('expiresAt', '>=', sql<Date>`now()`)
    .executeTakeFirst()
  if (!existing) return undefined
  if (!(await isSameRequest(db, existing, binding, describeOlder))) throw keyReused()
  return findGeneration(db, existing.generationId)
}

/** The generation of a submission that was made before, to the letter; undefined when there was none. */
export const findBoundGeneration = async (
  db: Database,
  ownerId: string,
  { key, sentDigest = '' }: Pick<RequestedKey, 'key' | 'sentDigest'>,
): Promise<GenerationWithImage | undefined> => {
  const bound = await db
    .selectFrom('idempotencyKeys')
    .select('generationId')
    .where('ownerId', '=', ownerId)
    .where('key', '=', key)
    .where('sentDigest', '=', sentDigest)
    .where('expiresAt', '>=', sql<Date>`now()`)
    .executeTakeFirst()
  return bound && findGeneration(db, bound.generationId)
}

const isSameRequest = async (
  tx: Database,
  existing: Awaited<ReturnType<typeof selectKey>>,
  { requestDigest, sentDigest }: Binding,
  describeOlder: DescribeOlder | undefined,
): Promise<boolean> => {
  if (existing.sentDigest !== null && sentDigest !== undefined) {
    return existing.sentDigest === sentDigest
  }
  if (existing.requestDigest === requestDigest) return true
  const made = describeOlder && (await findGeneration(tx, existing.generationId))
  return made !== undefined && existing.requestDigest === (await describeOlder?.(made))
}

/**
 * Makes the owner's row. Not within the transaction that binds a key: requests without one make the generation's row
 * first and the owner's then, so the two would wait for each other.
 */
export const insertOwnerIfNew = async (db: Database, ownerId: string): Promise<void> => {
  await db
    .insertInto('users')
    .values({ id: ownerId })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

const insertOrRenew = async (tx: Transaction<Schema>, binding: Binding): Promise<boolean> => {
  const expiresAt = sql<Date>`now() + ${IDEMPOTENCY_KEY_TTL_HOURS} * interval '1 hour'`
  const row = await tx
    .insertInto('idempotencyKeys')
    .values({ ...binding, expiresAt })
    .onConflict((conflict) =>
      conflict
        .columns(['ownerId', 'key'])
        .doUpdateSet({
          requestDigest: binding.requestDigest,
          sentDigest: binding.sentDigest ?? null,
          generationId: binding.generationId,
          createdAt: sql<Date>`now()`,
          expiresAt,
        })
        .where('idempotencyKeys.expiresAt', '<', sql<Date>`now()`),
    )
    .returning('key')
    .executeTakeFirst()
  return row !== undefined
}

const selectKey = (tx: Transaction<Schema>, { ownerId, key }: Binding) =>
  tx
    .selectFrom('idempotencyKeys')
    .select(['requestDigest', 'sentDigest', 'generationId'])
    .where('ownerId', '=', ownerId)
    .where('key', '=', key)
    .executeTakeFirstOrThrow()

const pointTo = async (
  tx: Transaction<Schema>,
  { ownerId, key, generationId }: Binding,
  actualId: string,
): Promise<void> => {
  if (actualId === generationId) return
  await tx
    .updateTable('idempotencyKeys')
    .set({ generationId: actualId })
    .where('ownerId', '=', ownerId)
    .where('key', '=', key)
    .execute()
}
