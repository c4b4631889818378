import type { ColumnType, Generated } from 'kysely'
import type { ProviderName } from '../src/contract/vocabulary.ts'

/**
 * Where a batch job stands. `intended`: in the books, and perhaps at the provider. `running`: the provider has it. `ended`: its results
 * are to be taken. `settled`: they are, and what is left at the provider is to be deleted. `closed`: nothing is left.
 */
export type BatchState = 'intended' | 'running' | 'ended' | 'settled' | 'closed'

/** `refused`: the provider took no such batch. `lost`: it does not know of it any more, or never ended it. */
export type BatchOutcome = 'succeeded' | 'failed' | 'canceled' | 'expired' | 'refused' | 'lost'

export type BatchesTable = {
  /** What the provider knows it by, as its display name. */
  id: string
  provider: ProviderName
  account: string
  model: string
  state: Generated<BatchState>
  /** How it ended; null until then. */
  outcome: BatchOutcome | null
  /** The provider's own name; null until it is known. */
  remoteName: string | null
  /** Where the provider has the results. */
  responsesFile: string | null
  itemCount: Generated<number>
  createdAt: Generated<Date>
  /** When it was first sent to the provider, written down before. */
  sentAt: Date | null
  runningAt: Date | null
  endedAt: Date | null
  settledAt: Date | null
  closedAt: Date | null
  cancelAskedAt: Date | null
  /** When a worker is to take its next step. */
  dueAt: Generated<Date>
  /** How often its next step has failed in a row, since when and why. */
  failures: Generated<number>
  trouble: string | null
  troubleSince: Date | null
  workerId: string | null
  /** Raised by every claim; a worker that holds an older one may change nothing. */
  fence: Generated<number>
  leaseExpiresAt: Date | null
}

/** A generation that waits for a batch (`gathered`), is in one (`sent`), or was. */
export type BatchItemsTable = {
  id: ColumnType<string, never, never>
  generationId: string
  provider: ProviderName
  account: string
  model: string
  state: Generated<'gathered' | 'sent' | 'settled'>
  /** The generation's, while it stands: another one means that it went another way since. */
  fence: number
  batchId: string | null
  attemptId: string | null
  /** `image`, the code of what went wrong, or `unserved`; null until it is settled. */
  outcome: string | null
  gatheredAt: Generated<Date>
  settledAt: Date | null
}
