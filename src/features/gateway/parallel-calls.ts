import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { isDatabaseAway } from '../../../db/away.ts'
import type { Database } from '../../../db/database.ts'
import type { Principal } from '../../adapters/http/principal.ts'
import type { GenerationRequest } from '../../contract/generation-request.ts'
import type { Wishes } from './wishes.ts'

/** One call, as far as it decides which of several equal ones it is. */
export type ParallelCall = {
  keyId: string
  ownerId: string
  /** What it asks for, whatever it is made of. */
  request: unknown
  /** How often its client has sent it before. */
  tries: number
  idempotencyKey: string | undefined
}

/** A request, and which of several it is; the first one has no number. */
export type Numbered = GenerationRequest & { number?: number }

/**
 * The requests of a call, with the numbers that set them apart from those of equal calls at the same moment: as they are, unless its key
 * says that each such call is a wish of its own. One that is forced is that anyway.
 */
export const setApart = async (
  findPlace: (call: ParallelCall) => Promise<number>,
  { ownerId, key }: Principal,
  { skipExistingCheck, idempotencyKey, tries }: Wishes,
  requests: readonly Numbered[],
): Promise<readonly Numbered[]> => {
  if (key?.variants !== 'parallel' || skipExistingCheck) return requests
  const request = [requests.length, requests[0]]
  const place = await findPlace({ keyId: key.id, ownerId, request, tries, idempotencyKey })
  const before = (place - 1) * requests.length
  return requests.map((each) => withNumber(each, (each.number ?? 1) + before))
}

const withNumber = (request: Numbered, number: number): Numbered =>
  number === 1 ? request : { ...request, number }

/**
 * Equal calls of one key within this time of the first are several wishes. Shorter than what clients wait before they try again without
 * saying so: AI SDK waits 2 s.
 */
const MOMENT_MS = 2_000

/**
 * Which of the equal calls of a moment this one is, from 1, as Postgres counts them for all processes (ADR 72): a later repeat of them has
 * the same places, in order. A call that is tried again has one of the places that there are, never a new one, and one with an
 * `Idempotency-Key` always the place that this was given first. While Postgres is away it is 1: that buys nothing twice.
 */
export const findPlace = async (db: Database, call: ParallelCall): Promise<number> => {
  const request = digestOf([call.ownerId, call.request])
  try {
    return call.idempotencyKey === undefined
      ? await countCall(db, call, request)
      : await findWish(db, call, request, call.idempotencyKey)
  } catch (error) {
    if (isDatabaseAway(error)) return 1
    throw error
  }
}

const countCall = async (
  db: Database,
  { keyId, tries }: Pick<ParallelCall, 'keyId' | 'tries'>,
  request: string,
): Promise<number> => {
  const { rows } = await sql<{ used: number; places: number | null }>`
    insert into parallel_calls as counted (key_id, request, tries, used, most, began_at)
    values (${keyId}, ${request}, ${tries}, 1, 1, clock_timestamp())
    on conflict (key_id, request, tries) do update set
      used = case when ${isOver} then 1 else counted.used + 1 end,
      most = greatest(counted.most, case when ${isOver} then 1 else counted.used + 1 end),
      began_at = case when ${isOver} then clock_timestamp() else counted.began_at end
    returning used, (
      select most from parallel_calls
      where key_id = ${keyId} and request = ${request} and tries = 0
    ) as places`.execute(db)
  const { used = 1, places = null } = rows[0] ?? {}
  return tries === 0 ? used : ((used - 1) % (places ?? 1)) + 1
}

const isOver = sql`counted.began_at < clock_timestamp() - ${MOMENT_MS} * interval '1 ms'`

/** A second call with the same `Idempotency-Key` waits for the first one's transaction, then has its place. */
const findWish = (
  db: Database,
  { keyId }: Pick<ParallelCall, 'keyId'>,
  request: string,
  idempotencyKey: string,
): Promise<number> => {
  const wish = digestOf([request, idempotencyKey])
  return db.transaction().execute(async (tx) => {
    const isNew = await tx
      .insertInto('parallelWishes')
      .values({ keyId, wish, place: 0 })
      .onConflict((conflict) => conflict.doNothing())
      .returning('wish')
      .executeTakeFirst()
    const ofWish = { keyId, wish }
    if (!isNew) return (await selectWish(tx, ofWish)).place
    const place = await countCall(tx, { keyId, tries: 0 }, request)
    await tx
      .updateTable('parallelWishes')
      .set({ place })
      .where('keyId', '=', keyId)
      .where('wish', '=', wish)
      .execute()
    return place
  })
}

const selectWish = (db: Database, { keyId, wish }: { keyId: string; wish: string }) =>
  db
    .selectFrom('parallelWishes')
    .select('place')
    .where('keyId', '=', keyId)
    .where('wish', '=', wish)
    .executeTakeFirstOrThrow()

const digestOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex')
