import type { Database } from '../../../db/database.ts'
import { createBatcher } from '../../lib/batch.ts'
import {
  type GenerationToInsert,
  type Inserted,
  type InsertLimits,
  insertOrRequeue,
  isOwnerFull,
} from '../state/insert-or-requeue.ts'
import { findAnswering, findGeneration, type GenerationWithImage } from '../state/repository.ts'
import { declineSimilar } from '../state/transitions.ts'

/** What a submission asks of Postgres. */
export type Intake = {
  /** What answers a fingerprint. */
  find: (fingerprint: string) => Promise<GenerationWithImage | undefined>
  /** A new row; undefined when something answers already, or the owner has too many in flight. */
  insert: (row: GenerationToInsert) => Promise<Inserted | undefined>
  isFull: (ownerId: string) => Promise<boolean>
  /** The very generation. */
  findById: (id: string) => Promise<GenerationWithImage | undefined>
  /** Keeps one in flight from ending with a similar image; false when it has ended. */
  declineSimilar: (id: string) => Promise<boolean>
}

/** For one submission alone, within its transaction. */
export const createIntake = (db: Database, limits: InsertLimits): Intake => ({
  find: async (fingerprint) => (await findAnswering(db, [fingerprint], limits.refusalTtlMs))[0],
  insert: async (row) => (await insertOrRequeue(db, [row], limits))[0],
  isFull: (ownerId) => isOwnerFull(db, ownerId, limits.maxInFlight),
  findById: (id) => findGeneration(db, id),
  declineSimilar: async (id) => (await declineSimilar(db, id)) !== undefined,
})

/** Makes one statement of those of many requests at the same moment: half of what one costs is the round trip. */
export const createBatchedIntake = (db: Database, limits: InsertLimits): Intake => ({
  ...createIntake(db, limits),
  find: createBatcher(
    (fingerprints: string[]) => findAnswering(db, fingerprints, limits.refusalTtlMs),
    { maxSize: MAX_BATCH, maxRunning: 2 },
  ),
  // One at a time: two at once would not see each other's rows, and give an owner two first places in line.
  insert: createBatcher((rows: GenerationToInsert[]) => insertOrRequeue(db, rows, limits), {
    maxSize: MAX_BATCH,
    maxRunning: 1,
  }),
})

const MAX_BATCH = 100
