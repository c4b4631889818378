import type { Installation } from '../../../db/installation.ts'
import type { DeferredSubmission } from '../../generation/submit/deferred-submission.ts'

/** Where BullMQ keeps its jobs. */
export type QueueBackend =
  | { kind: 'postgres'; url: string }
  /** Whose jobs they are must be known, as others may keep theirs in the same Redis; rejects until Postgres has said it. */
  | { kind: 'redis'; url: string; findInstallation: () => Promise<Installation> }

/** A job of the maintenance has a name and no data. */
export type JobData = {
  generationId: string
  /** Of a submission that came while Postgres was away: what its row is to be. Jobs that wait have the name already. */
  parked?: DeferredSubmission
}

/**
 * A connection on which a command has been unanswered for this long is made anew: its other end may be gone without a
 * sign, and the system would wait for a quarter of an hour.
 */
export const SILENCE_MS = 4_000

/** BullMQ's own closing waits for a Redis that is away. */
export const CLOSE_MS = 2_000
