import { sql } from 'kysely'
import { fromNow } from '../../generation/state/apply-transition.ts'
import { messageOf } from '../../lib/errors.ts'
import { holdBatch, released, saveBatch, takeDueBatch } from './hold.ts'
import type { BatchStep, HeldBatch } from './ports.ts'
import type { StepDeps } from './step-deps.ts'
import { takeStep } from './steps.ts'

export type WorkDeps = StepDeps & {
  workerId: string
  leaseMs: number
  /** Aborted when this worker must give back what it does. */
  stopping: AbortSignal
}

/** Takes a step of each batch that has one due; returns how many. */
export const workOnDueBatches = async (
  deps: WorkDeps,
  isStopping: () => boolean,
): Promise<number> => {
  for (let count = 0; ; count++) {
    const batch = isStopping() ? undefined : await takeDueBatch(deps.db, deps)
    if (!batch) return count
    await workOn(deps, batch)
  }
}

const workOn = async (deps: WorkDeps, batch: HeldBatch): Promise<void> => {
  const { db, onStep, onTrouble } = deps
  const lease = holdBatch(deps, batch)
  try {
    const change = await takeStep(deps, batch, lease.signal)
    const isSaved = await saveBatch(db, batch, { ...untroubled, ...change, ...released })
    if (isSaved && change.state) onStep(batch.id, change.state as BatchStep)
  } catch (error) {
    if (lease.signal.aborted) {
      await saveBatch(db, batch, released)
      return
    }
    onTrouble(batch, error)
    await saveBatch(db, batch, {
      failures: batch.failures + 1,
      trouble: messageOf(error),
      troubleSince: sql<Date>`coalesce(trouble_since, now())`,
      dueAt: fromNow(backoffMs(batch.failures)),
      ...released,
    })
  } finally {
    lease.stop()
  }
}

const untroubled = { failures: 0, trouble: null, troubleSince: null }

const MIN_BACKOFF_MS = 2_000
const MAX_BACKOFF_MS = 300_000

const backoffMs = (failures: number): number =>
  Math.round(
    (0.5 + Math.random() / 2) *
      Math.min(MAX_BACKOFF_MS, MIN_BACKOFF_MS * 2 ** Math.min(failures, 20)),
  )
