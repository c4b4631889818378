import type { TelemetryType } from '../../contract/telemetry.ts'
import { type DeferredSubmission, insertDeferred } from '../submit/deferred-submission.ts'
import { runGeneration } from './run.ts'
import type { RunDeps, RunOutcome } from './run-deps.ts'

export type RunJobDeps = RunDeps & {
  /** Draws the attempt, where there are traces. */
  trace:
    | ((generationId: string, work: () => Promise<RunOutcome>) => Promise<RunOutcome>)
    | undefined
  /** Called when the job is out of this worker's hands, however it ended. */
  onLeft: (generationId: string) => void
  /** Records how a generation ended, where that is wanted. */
  record:
    | ((event: {
        type: TelemetryType
        generationId: string
        origin: 'server'
        durationMs: number
      }) => void)
    | undefined
}

/** What a worker does with a job: makes the row of a request that only the job holds, then runs its generation. */
export const createRunJob =
  (deps: RunJobDeps) =>
  async (
    generationId: string,
    deferred: DeferredSubmission | undefined,
    onLong: () => void,
  ): Promise<RunOutcome> => {
    if (deferred) await insertDeferred(deps.db, deferred, deps.giveUpMs)
    const startedAt = performance.now()
    const attempt = () => runGeneration(deps, generationId, onLong)
    const traced = deps.trace?.(generationId, attempt) ?? attempt()
    const outcome = await traced.finally(() => deps.onLeft(generationId))
    const durationMs = Math.round(performance.now() - startedAt)
    deps.logger.info({ generationId, ...outcome, durationMs }, 'ran')
    if (outcome.kind === 'finished') {
      const type = outcome.status === 'succeeded' ? 'generation_completed' : 'generation_failed'
      deps.record?.({ type, generationId, origin: 'server', durationMs })
    }
    return outcome
  }
