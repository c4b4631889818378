import type { Database } from '../../db/database.ts'
import { createBatcher } from './batch.ts'
import { type GenerationToInsert, type Inserted, insertOrRequeue } from './insert.ts'
import { findAnswering, type GenerationWithImage } from './repository.ts'

/** The two statements of a submission: what answers a fingerprint; a new row, unless something answers already. */
export type Intake = {
  find: (fingerprint: string) => Promise<GenerationWithImage | undefined>
  insert: (row: GenerationToInsert) => Promise<Inserted | undefined>
}

/** For one submission alone, within its transaction. */
export const createIntake = (db: Database): Intake => ({
  find: async (fingerprint) => (await findAnswering(db, [fingerprint]))[0],
  insert: async (row) => (await insertOrRequeue(db, [row]))[0],
})

/** Makes one statement of those of many requests at the same moment: half of what one costs is the round trip. */
export const createBatchedIntake = (db: Database): Intake => ({
  find: createBatcher((fingerprints: string[]) => findAnswering(db, fingerprints), BATCHES),
  insert: createBatcher((rows: GenerationToInsert[]) => insertOrRequeue(db, rows), BATCHES),
})

/** Two, so that Postgres has one to work at while the answers of the other are sent. */
const BATCHES = { maxSize: 100, maxRunning: 2 }
