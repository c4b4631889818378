import { sql } from 'kysely'
import { fromNow } from '../../generation/state/apply-transition.ts'
import type { Change } from './hold.ts'
import type { HeldBatch } from './ports.ts'
import type { StepDeps } from './step-deps.ts'

/** One that the provider does not know is looked for a few times more: it may have forgotten for a moment. */
const MAX_UNKNOWN = 3
/** A batch that was canceled for its age and does not end is given up this long after. */
const LOST_AFTER_MS = 3_600_000

/** Looks how far the provider is with a batch, and has it canceled where that is wanted or it takes too long. */
export const lookAtBatch = async (
  { wire, pollMs, deadlineMs }: StepDeps,
  batch: HeldBatch,
  signal: AbortSignal,
): Promise<Change> => {
  const remote =
    (await wire.find(batch.remoteName ?? '', signal)) ?? (await wire.findAll(batch.id, signal))[0]
  if (!remote) {
    if (batch.failures < MAX_UNKNOWN) throw new Error('The image provider does not know the batch.')
    return { state: 'ended', outcome: 'lost', ...atOnce }
  }
  const { name: remoteName, state, responsesFile = null } = remote
  if (state !== 'pending' && state !== 'running') {
    return { state: 'ended', outcome: state, remoteName, responsesFile, ...atOnce }
  }
  const ageMs = batch.asOf.getTime() - batch.createdAt.getTime()
  if (ageMs > deadlineMs + LOST_AFTER_MS) return { state: 'ended', outcome: 'lost', ...atOnce }
  if (batch.cancelAskedAt || ageMs > deadlineMs) await wire.cancel(remoteName, signal)
  return { remoteName, dueAt: fromNow(pollMs) }
}

const atOnce = { endedAt: sql<Date>`now()`, dueAt: sql<Date>`now()` }
