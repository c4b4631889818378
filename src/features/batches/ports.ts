import type { BatchRow } from '../../../db/schema.ts'
import type { GeminiBatches } from '../../adapters/providers/gemini-batches.ts'

/** The provider's side: files of requests and results, and the jobs between. */
export type BatchWire = GeminiBatches

/** A batch that a worker holds, and when Postgres said so. */
export type HeldBatch = BatchRow & { asOf: Date }

/** What a batch, or a generation on its way into one, has just got past: for the chaos tests, and no behaviour depends on it. */
export type BatchStep =
  /** A generation waits for a batch. */
  | 'gathered'
  /** The batch and all its holds are in Postgres. */
  | 'intended'
  /** The requests are at the provider. */
  | 'uploaded'
  /** The provider has said that it took the batch; Postgres does not know yet. */
  | 'created'
  | 'running'
  /** The provider has ended it. */
  | 'ended'
  /** A line of the results is here, and nothing is done with it. */
  | 'fetched'
  /** What came of a generation is done with; Postgres does not know yet. */
  | 'secured'
  | 'settled'
  | 'closed'
export type OnBatchStep = (id: string, step: BatchStep) => void
