import { sql } from 'kysely'
import type { Change } from './hold.ts'
import { lookAtBatch } from './look.ts'
import type { HeldBatch } from './ports.ts'
import { sendBatch } from './send.ts'
import type { StepDeps } from './step-deps.ts'
import { takeResults } from './take-results.ts'

/** The next step of a batch; any worker may take it, and again where it was cut off. */
export const takeStep = (
  deps: StepDeps,
  batch: HeldBatch,
  signal: AbortSignal,
): Promise<Change> => {
  switch (batch.state) {
    case 'intended':
      return sendBatch(deps, batch, signal)
    case 'running':
      return lookAtBatch(deps, batch, signal)
    case 'ended':
      return takeResults(deps, batch, signal)
    default:
      return tidyUp(deps, batch, signal)
  }
}

/** Files go by themselves after two days. */
const MAX_DELETES = 5

/** Leaves nothing of a batch at the provider. */
const tidyUp = async (
  { wire, onTrouble }: StepDeps,
  batch: HeldBatch,
  signal: AbortSignal,
): Promise<Change> => {
  try {
    await wire.remove(batch, signal)
  } catch (error) {
    signal.throwIfAborted()
    if (batch.failures < MAX_DELETES) throw error
    onTrouble(batch, error)
  }
  return { state: 'closed', closedAt: sql<Date>`now()` }
}
