import { setMaxListeners } from 'node:events'
import { hostname } from 'node:os'
import type { Config } from '../config.ts'
import { MAX_IMAGE_PIXELS } from '../contract/limits.ts'
import { type RunDeps, runGeneration } from '../generation/run.ts'
import { enqueueIfQueued, sweepGenerations } from '../generation/sweep.ts'
import { startSweeper } from '../generation/sweeper.ts'
import { createInspectImage } from '../images/inspect.ts'
import { createRareLog, type Logger } from '../logger.ts'
import { createGenerationWorker } from '../queue/generation-worker.ts'
import { createSpool } from '../storage/spool.ts'
import {
  createShared,
  logStep,
  type Overrides,
  QUEUE_SETTLE_MS,
  toQueueBackend,
  toSpoolDirectory,
} from './shared.ts'
import { createUpkeep } from './upkeep.ts'

/** What was paid for is not thrown away for its size: a 4K picture as png can have 30 MB. */
const MAX_BOUGHT_BYTES = 64 * 1024 * 1024

/** How long runs that were told to let go may take to give back what they hold. */
const LET_GO_MS = 2_000

/** The worker, taking jobs once `start` resolves; `stop` lets running calls finish within the grace period. */
export const createWorker = (config: Config, logger: Logger, overrides: Overrides = {}) => {
  const shared = createShared(config, logger, overrides)
  const { db, events, queue, provider, store } = shared
  const letGo = new AbortController()
  // Every running generation listens.
  setMaxListeners(0, letGo.signal)
  const onError = createRareLog((fields) => logger.error(fields, 'worker trouble'))
  const runDeps: RunDeps = {
    db,
    provider,
    store,
    inspect: createInspectImage({ maxBytes: MAX_BOUGHT_BYTES, maxPixels: MAX_IMAGE_PIXELS }),
    spool: createSpool({ directory: toSpoolDirectory(config) }),
    workerId: `${hostname()}:${process.pid}:${process.hrtime.bigint().toString(36)}`,
    leaseMs: config.worker.leaseMs,
    retryBackoffMs: config.worker.retryBackoffMs,
    shutdown: letGo.signal,
    subscribe: events.subscribe,
    onStoreTrouble: (generationId, err) =>
      logger.warn({ generationId, err }, 'the image store is in trouble; trying on'),
    onStep: overrides.onStep ?? logStep(logger),
  }
  const worker = createGenerationWorker({
    backend: toQueueBackend(config),
    name: config.queue.name,
    concurrency: config.worker.concurrency,
    leaseMs: config.worker.leaseMs,
    run: async (generationId) => {
      const startedAt = performance.now()
      const outcome = await runGeneration(runDeps, generationId)
      const durationMs = Math.round(performance.now() - startedAt)
      logger.info({ generationId, ...outcome, durationMs }, 'ran')
      return outcome
    },
    onJobGone: (generationId) => enqueueIfQueued(db, queue.enqueue, generationId),
    onError,
  })
  const upkeep = createUpkeep(config, shared, logger)
  let sweeper: ReturnType<typeof startSweeper> | undefined

  const start = async (): Promise<void> => {
    await Promise.all([events.connect(), queue.settle(QUEUE_SETTLE_MS)])
    worker.start()
    const sweep = async () => {
      // Said again each time: a Redis that lost its data lost the limit too.
      await queue.limitConcurrency(config.worker.modelMaxConcurrency)
      await sweepGenerations(db, queue.enqueue)
    }
    await queue.limitConcurrency(config.worker.modelMaxConcurrency).catch(onError)
    sweeper = startSweeper(sweep, { intervalMs: config.worker.sweepIntervalMs, onError })
    upkeep.start()
  }
  const stop = async (): Promise<void> => {
    const timer = setTimeout(() => letGo.abort(), config.shutdownGraceMs)
    await sweeper?.stop()
    await Promise.all([worker.stop(config.shutdownGraceMs + LET_GO_MS), upkeep.stop()])
    clearTimeout(timer)
    await shared.releaseAll()
  }
  return { start, stop }
}
