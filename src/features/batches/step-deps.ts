import type { Database } from '../../../db/database.ts'
import type { RunDeps } from '../../generation/run/run-deps.ts'
import type { ProviderError } from '../../lib/errors.ts'
import type { BatchWire, HeldBatch, OnBatchStep } from './ports.ts'

/** What a step of a batch takes. */
export type StepDeps = {
  db: Database
  wire: BatchWire
  run: RunDeps
  /** How often the provider is asked how far it is. */
  pollMs: number
  /** After this a batch is canceled, and what it has brought is taken. */
  deadlineMs: number
  /** How long after a batch was sent the provider's list is sure to have it. */
  settleMs: number
  onStep: OnBatchStep
  /** Called with a batch that the provider does not take. */
  onRefused: (batch: HeldBatch, error: ProviderError) => Promise<void>
  onTrouble: (batch: HeldBatch, error: unknown) => void
}
