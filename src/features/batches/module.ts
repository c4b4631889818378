import type { RunDeps } from '../../generation/run/run-deps.ts'
import { createRareLog, type Logger } from '../../lib/logger.ts'
import { runEvery } from '../../lib/run-every.ts'
import { type IntendDeps, intendBatches } from './intend.ts'
import type { OnBatchStep } from './ports.ts'
import type { StepDeps } from './step-deps.ts'
import { workOnDueBatches } from './work.ts'

export type BatchesDeps = Omit<IntendDeps, 'onStep'> &
  Pick<StepDeps, 'wire' | 'pollMs' | 'onRefused'> & {
    run: RunDeps
    intervalMs: number
    onStep: OnBatchStep | undefined
    logger: Logger
  }

/** Where many were due at once they are not to wait for the sweep of a worker that has little to do. */
const MAX_INTERVAL_MS = 2_000

/**
 * Makes batches of what waits for one, and takes each from step to step, one at a time in each worker. `stop` finishes the step that is
 * under way, or gives it back.
 */
export const createBatches = (deps: BatchesDeps) => {
  const { run, logger, pollMs } = deps
  const onStep: OnBatchStep = (id, step) => {
    logger.debug({ batchId: id, step }, 'step of a batch')
    deps.onStep?.(id, step)
  }
  const stopping = new AbortController()
  let isStopping = false
  const report = createRareLog((fields) => logger.warn(fields, 'batches are in trouble'))
  const work = {
    ...deps,
    onStep,
    workerId: run.workerId,
    leaseMs: run.leaseMs,
    // What the list has not two looks later was not taken.
    settleMs: 2 * pollMs,
    stopping: stopping.signal,
    onTrouble: ({ id: batchId, state }: { id: string; state: string }, err: unknown) =>
      logger.warn({ batchId, state, err }, 'a batch is in trouble; it goes on'),
  }
  const loops: ReturnType<typeof runEvery>[] = []

  const start = (): void => {
    const every = { intervalMs: Math.min(deps.intervalMs, MAX_INTERVAL_MS), onError: report }
    loops.push(
      runEvery(() => intendBatches({ ...deps, onStep }), every),
      runEvery(() => workOnDueBatches(work, () => isStopping), every),
    )
  }
  const stop = async (patienceMs: number): Promise<void> => {
    isStopping = true
    const timer = setTimeout(() => stopping.abort(), patienceMs)
    await Promise.all(loops.map((loop) => loop.stop()))
    clearTimeout(timer)
  }
  return { start, stop }
}
