import type { Database } from '../../../db/database.ts'
import type { NewImage } from '../../../db/schema.ts'
import { AppError } from '../../lib/errors.ts'
import {
  type GenerationToInsert,
  type InsertLimits,
  insertOrRequeue,
} from '../state/insert-or-requeue.ts'
import { findGeneration, type GenerationWithImage, noImage } from '../state/repository.ts'
import { bindIdempotencyKey, insertOwnerIfNew, type RequestedKey } from './idempotency.ts'
import { insertUpload } from './uploads.ts'

/** A submission that was accepted while Postgres was away: all of it is in its job. */
export type DeferredSubmission = {
  generation: GenerationToInsert
  /** RFC 3339, by the clock of who took it: tells one deferred submission from another, and is compared with no time. */
  parkedAt: string
  /** The condition image, whose bytes are in the store. */
  upload?: NewImage | undefined
  /** Further images, as that one; absent from a release that took one alone. */
  otherUploads?: readonly NewImage[]
  idempotencyKey?: RequestedKey | undefined
}

/**
 * Makes the row of a deferred submission, once: a job may be delivered again. A generation that failed or was canceled
 * otherwise is queued again.
 */
export const insertDeferred = async (
  db: Database,
  { generation, upload, otherUploads = [], idempotencyKey, parkedAt }: DeferredSubmission,
  giveUpMs: InsertLimits['giveUpMs'],
): Promise<void> => {
  await insertOwnerIfNew(db, generation.ownerId)
  await db.transaction().execute(async (tx) => {
    const existing = await findGeneration(tx, generation.id)
    if (existing && (existing.deferredAs === parkedAt || !hasEndedBadly(existing))) return
    for (const each of [...(upload ? [upload] : []), ...otherUploads]) await insertUpload(tx, each)
    await insertOrRequeue(tx, [{ ...generation, joinsOthers: false }], { ...NO_LIMITS, giveUpMs })
    await tx
      .updateTable('generations')
      .set({ deferredAs: parkedAt })
      .where('id', '=', generation.id)
      .execute()
    if (idempotencyKey) await bindIfFree(tx, generation, idempotencyKey)
  })
}

/** The key may have come with another request meanwhile; this one was accepted all the same. */
const bindIfFree = async (
  tx: Parameters<typeof bindIdempotencyKey>[0],
  { id: generationId, ownerId }: GenerationToInsert,
  key: RequestedKey,
): Promise<void> => {
  try {
    await bindIdempotencyKey(tx, { ...key, ownerId, generationId })
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'idempotency_key_reused')) throw error
  }
}

/** It was accepted without a look at the limits, so they don't apply now either. */
const NO_LIMITS = { refusalTtlMs: 0, maxInFlight: 2 ** 31 - 1 }

const hasEndedBadly = ({ status }: GenerationWithImage): boolean =>
  status === 'failed' || status === 'canceled'

/** How a deferred submission is shown while it has no row: queued, with no event yet. */
export const presumeRow = ({ generation, parkedAt }: DeferredSubmission): GenerationWithImage => {
  const { joinsOthers: _, mayCostNanoUsd: __, sealedKey: ___, ...rest } = generation
  const { details = null, upstreamAccount = null, forcedBy = null, ...wanted } = rest
  const at = new Date(parkedAt)
  const given = { ...wanted, details, upstreamAccount, forcedBy }
  return { ...given, ...nothingYet, ...noImage, createdAt: at, queuedAt: at, asOf: at }
}

const nothingYet = {
  status: 'queued' as const,
  isPromptReduced: false,
  tier: null,
  imageId: null,
  reuseSource: null,
  costNanoUsd: 0,
  paidCalls: 0,
  ambiguousCalls: 0,
  attempts: 0,
  claims: 0,
  lostClaims: 0,
  calledProvider: null,
  calledModel: null,
  fence: 0,
  workerId: null,
  leaseExpiresAt: null,
  runAfter: null,
  deadlineAt: null,
  promotedAt: null,
  deferredAs: null,
  enqueuedAt: null,
  place: 0,
  errorCode: null,
  errorMessage: null,
  errorRetryable: null,
  similarity: null,
  suggestions: null,
  eventSequence: 0,
  startedAt: null,
  finishedAt: null,
}
