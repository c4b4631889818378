import { createStepTimes, type StepTimes } from './attempts.ts'
import type { Countdown } from './lease.ts'
import type { RunDeps } from './run-deps.ts'
import type { OnStep, RunStep } from './steps.ts'

/** What one run of a generation takes: its own times besides. */
export type TimedDeps = Omit<RunDeps, 'onStep'> & {
  steps: StepTimes
  onStep: OnStep<RunStep>
  leftUntil: Countdown
  /** Called once the rest may take minutes, in which there is nothing to do but to wait. */
  onLong: () => void
}

export const timeSteps = (deps: RunDeps): Omit<TimedDeps, 'leftUntil' | 'onLong'> => {
  const steps = createStepTimes()
  const onStep: OnStep<RunStep> = (generationId, step) => {
    steps.mark(step)
    deps.logger.debug({ generationId, step }, 'step')
    for (const listen of deps.onStep) listen(generationId, step)
  }
  return { ...deps, steps, onStep }
}
