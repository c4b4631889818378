import { Counter, Histogram, type Registry } from 'prom-client'
import { outcomeRules } from '../../generation/run/outcomes.ts'
import type { RunOutcome } from '../../generation/run/run-deps.ts'
import type { RunStep } from '../../generation/run/steps.ts'
import type { Claim } from '../../generation/state/transitions.ts'

const GENERATION_BUCKETS = [0.1, 0.5, 1, 2.5, 5, 10, 15, 20, 30, 45, 60, 90, 120, 300, 600]

/** What a worker does with the generations that it claims. */
export const createRunMetrics = (registry: Registry) => {
  const registers = [registry]
  const duration = new Histogram({
    name: 'imageonce_generation_duration_seconds',
    help: 'From asking to the end, all tries included, by outcome: succeeded, reused, failed.',
    labelNames: ['outcome', 'lane'],
    buckets: GENERATION_BUCKETS,
    registers,
  })
  const wait = new Histogram({
    name: 'imageonce_generation_wait_seconds',
    help: 'From asking to the first claim by a worker.',
    labelNames: ['lane'],
    buckets: GENERATION_BUCKETS,
    registers,
  })
  const stages = new Histogram({
    name: 'imageonce_generation_stage_duration_seconds',
    help: 'From one step of a run to the next, by the step that ends it.',
    labelNames: ['stage'],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 15, 20, 30, 60, 120],
    registers,
  })
  const failures = new Counter({
    name: 'imageonce_generation_failures_total',
    help: 'Generations that ended without an image, by the code of the error.',
    labelNames: ['code'],
    registers,
  })
  const retries = new Counter({
    name: 'imageonce_generation_retries_total',
    help: 'Tries that ended in another one, for trouble or because the worker stopped.',
    registers,
  })
  // A rate misses the step from nothing to 1.
  for (const code of Object.keys(outcomeRules)) failures.inc({ code }, 0)
  const lastStepAt = new Map<string, number>()

  const onStep = (generationId: string, step: RunStep): void => {
    const now = performance.now()
    const before = lastStepAt.get(generationId)
    if (before !== undefined) stages.observe({ stage: step }, (now - before) / 1_000)
    lastStepAt.set(generationId, now)
  }
  const onRun = (claim: Claim, outcome: RunOutcome, ageMs: number): void => {
    const { lane, queuedAt, startedAt, claims } = claim
    if (claims === 1 && startedAt) wait.observe({ lane }, secondsBetween(queuedAt, startedAt))
    if (outcome.kind === 'again') retries.inc()
    if (outcome.kind !== 'finished') return
    duration.observe({ lane, outcome: describeOutcome(outcome) }, ageMs / 1_000)
    if (outcome.status === 'failed') failures.inc({ code: outcome.code })
  }
  /** Generations that ended at their deadline while no worker had them. */
  const onOverdue = (count: number): void => failures.inc({ code: 'deadline_exceeded' }, count)
  /** To be called when a run is over, however it ended. */
  const forget = (generationId: string): void => void lastStepAt.delete(generationId)

  return { onStep, onRun, onOverdue, forget }
}

const describeOutcome = (outcome: RunOutcome & { kind: 'finished' }) =>
  outcome.status === 'succeeded' && outcome.reuse ? 'reused' : outcome.status

const secondsBetween = (from: Date, to: Date): number => (to.getTime() - from.getTime()) / 1_000
