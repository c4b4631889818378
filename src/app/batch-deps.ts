import { createGeminiBatches } from '../adapters/providers/gemini-batches.ts'
import { createGather } from '../features/batches/gather.ts'
import { createBatchMetrics } from '../features/batches/metrics.ts'
import type { BatchesDeps } from '../features/batches/module.ts'
import type { BatchWire } from '../features/batches/ports.ts'
import { measureBatches } from '../features/batches/report.ts'
import type { Batching } from '../generation/ports.ts'
import type { RunDeps } from '../generation/run/run-deps.ts'
import { refuseTier } from '../generation/state/tier-limits.ts'
import type { Logger } from '../lib/logger.ts'
import type { Config } from './config.ts'
import type { Overrides, Resources } from './resources.ts'

/** Batches of the provider; undefined for one that has none. */
export const openBatchWire = ({ gemini, worker, prices }: Config): BatchWire | undefined =>
  gemini
    ? createGeminiBatches({ ...gemini, timeoutMs: worker.generationTimeoutMs, prices })
    : undefined

/** How batches stand, for Prometheus; the result ends it. */
export const watchBatches = ({ batches }: Config, { db, metrics }: Resources) => {
  const unwatch = metrics
    .use(createBatchMetrics)
    .watch(() => measureBatches(db, batches.deadlineMs))
  return async () => unwatch()
}

/** What a run needs to hand a generation over. */
export const batchingDeps = (
  { batches, limits }: Config,
  { db }: Resources,
  wire: BatchWire,
  { onBatchStep = () => {} }: Overrides,
): Batching => ({
  promotion: limits.promotion,
  deadlineMs: batches.deadlineMs,
  gather: createGather({
    db,
    wire,
    waitMs: batches.waitMs,
    onStep: onBatchStep,
  }),
})

export const batchesDeps = (
  { batches, budgets, limits, worker }: Config,
  run: RunDeps,
  wire: BatchWire,
  logger: Logger,
  { onBatchStep }: Overrides,
): BatchesDeps => ({
  db: run.db,
  ...batches,
  wire,
  run,
  budgets,
  giveUpMs: limits.giveUpMs,
  intervalMs: worker.sweepIntervalMs,
  onStep: onBatchStep,
  onRefused: async ({ id: batchId, provider, account, model }, err) => {
    logger.warn({ batchId, model, err }, 'the provider takes no such batch')
    await refuseTier(run.db, { provider, account, model, tier: 'batch' })
  },
  logger,
})
