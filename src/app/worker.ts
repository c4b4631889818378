import { setMaxListeners } from 'node:events'
import { hostname } from 'node:os'
import { startMetricsServer } from '../adapters/http/metrics-server.ts'
import { createInspectImage } from '../adapters/images/inspect.ts'
import { createProviderBreaker } from '../adapters/providers/breaker.ts'
import { createGenerationWorker } from '../adapters/queue/generation-worker.ts'
import { createSpool } from '../adapters/storage/spool.ts'
import { MAX_IMAGE_PIXELS } from '../contract/limits.ts'
import { createAlerts } from '../features/alerts/module.ts'
import { createRollupSweeper } from '../features/analytics/rollup-sweeper.ts'
import { createUpkeep } from '../features/maintenance/module.ts'
import { createHeartbeat } from '../features/operators/workers/heartbeat.ts'
import { createItemSweeper } from '../features/saved-items/item-sweeper.ts'
import { createComparison } from '../features/similarity/module.ts'
import { createTelemetryLog } from '../features/telemetry/telemetry-log.ts'
import { createWebhooks } from '../features/webhooks/module.ts'
import { createRunJob } from '../generation/run/run-job.ts'
import { enqueueIfQueued, sweepGenerations } from '../generation/state/sweep.ts'
import { createRareLog, type Logger } from '../lib/logger.ts'
import { startSweeper } from '../lib/run-every.ts'
import { waitAtMost } from '../lib/time.ts'
import type { Config } from './config.ts'
import {
  createShared,
  logStep,
  type Overrides,
  QUEUE_SETTLE_MS,
  toQueueBackend,
  toSpoolDirectory,
} from './resources.ts'
import type { Secrets } from './secrets.ts'
import { VERSION } from './version.ts'

/** What was paid for is not thrown away for its size: a 4K picture as png can have 30 MB. */
const MAX_BOUGHT_BYTES = 64 * 1024 * 1024

/** What of the grace period is kept for giving back what still runs; less of a short one. */
const LET_GO_MS = 1_000

/** A Postgres that is away takes the worker off its list later, by itself. */
const HEARTBEAT_STOP_MS = 500

/**
 * The worker, taking jobs once `start` resolves. `stop` takes none any more, lets running calls finish and, towards
 * the end of the grace period, gives the rest back for others to take up at once.
 */
export const createWorker = (
  config: Config,
  secrets: Secrets,
  logger: Logger,
  overrides: Overrides = {},
) => {
  const shared = createShared(config, logger, overrides)
  const { db, events, queue, provider, store, metrics, tracing } = shared
  const letGo = new AbortController()
  // Every running generation listens.
  setMaxListeners(0, letGo.signal)
  const onError = createRareLog((fields) => logger.error(fields, 'worker trouble'))
  const log = createTelemetryLog(config, logger)
  const workerId = `${hostname()}:${process.pid}:${process.hrtime.bigint().toString(36)}`
  const { concurrency } = config.worker
  const heartbeat = createHeartbeat(
    db,
    { id: workerId, host: hostname(), pid: process.pid, version: VERSION, concurrency },
    { onError },
  )
  const onStep = overrides.onStep ?? logStep(logger)
  const runJob = createRunJob({
    logger,
    track: heartbeat.track,
    trace: tracing?.traceAttempt,
    onLeft: metrics.runs.forget,
    recordEnd: (end) => log({ ...end, origin: 'server' }),
    db,
    provider,
    store,
    inspect: createInspectImage({ maxBytes: MAX_BOUGHT_BYTES, maxPixels: MAX_IMAGE_PIXELS }),
    compare: createComparison(config, shared, logger),
    spool: createSpool({ directory: toSpoolDirectory(config) }),
    workerId,
    leaseMs: config.worker.leaseMs,
    retryBackoffMs: config.worker.retryBackoffMs,
    breaker: createProviderBreaker({
      ...config.worker.breaker,
      onChange: (isOpen) => {
        heartbeat.setBreakerOpen(isOpen)
        metrics.provider.setBreakerOpen(isOpen)
        logger.warn({ isOpen }, 'the circuit breaker of the provider')
      },
    }),
    shutdown: letGo.signal,
    subscribe: events.subscribe,
    onTrouble: (generationId, part, err) =>
      logger.warn({ generationId, part, err }, 'in trouble; the generation goes on'),
    onStep: (generationId, step) => {
      metrics.runs.onStep(generationId, step)
      tracing?.onStep(generationId, step)
      onStep(generationId, step)
    },
    onRun: (claim, outcome) => {
      metrics.runs.onRun(claim, outcome)
      if (outcome.kind === 'finished' && outcome.status === 'succeeded') {
        metrics.submissions.onReuse(outcome.reuse)
      }
    },
  })
  const worker = createGenerationWorker({
    backend: toQueueBackend(config),
    name: config.queue.name,
    concurrency,
    leaseMs: config.worker.leaseMs,
    telemetry: tracing?.queue,
    run: runJob,
    pause: (durationMs) => queue.pause(durationMs).catch(onError),
    onJobGone: (generationId) => enqueueIfQueued(db, queue.enqueue, generationId),
    onError,
  })
  metrics.setRole('worker')
  const itemSweeper = createItemSweeper(config, shared, { logger, log, ...overrides })
  const upkeep = createUpkeep(config, shared, logger)
  const rollup = createRollupSweeper(config, shared, logger)
  const webhooks = createWebhooks(config, secrets, shared, { logger, ...overrides })
  const alerts = createAlerts(config, shared, logger)
  let sweeper: ReturnType<typeof startSweeper> | undefined

  const start = async (): Promise<void> => {
    await Promise.all([events.connect(), queue.settle(QUEUE_SETTLE_MS)])
    worker.start()
    const sweep = async () => {
      // Said again each time: a Redis that lost its data lost the limit too.
      await queue.limitConcurrency(config.worker.modelMaxConcurrency)
      await sweepGenerations(db, queue.enqueueAll)
    }
    await queue.limitConcurrency(config.worker.modelMaxConcurrency).catch(onError)
    sweeper = startSweeper(sweep, { intervalMs: config.worker.sweepIntervalMs, onError })
    heartbeat.start()
    itemSweeper.start()
    upkeep.start()
    rollup.start()
    webhooks.start()
    alerts.start()
  }
  /** Where `METRICS_PORT` is set; a process that is an API too answers `/metrics` there. */
  const serveMetrics = async (): Promise<string | undefined> => {
    const { port, host, token } = config.metrics
    if (port === undefined) return undefined
    const server = await startMetricsServer({ port, host, token, read: metrics.read })
    shared.push(server.close)
    return server.url
  }
  const stop = async (): Promise<void> => {
    logger.info('stopping')
    const { shutdownGraceMs: graceMs } = config
    const timer = setTimeout(() => letGo.abort(), Math.max(graceMs - LET_GO_MS, graceMs / 2))
    // A sweep that waits for Postgres ends with its connections.
    const swept = sweeper && waitAtMost(sweeper.stop(), graceMs)
    await Promise.all([
      swept,
      worker.stop(graceMs),
      waitAtMost(itemSweeper.stop(), graceMs),
      waitAtMost(upkeep.stop(), graceMs),
      waitAtMost(rollup.stop(), graceMs),
      alerts.stop(),
      waitAtMost(webhooks.stop(Math.max(graceMs - LET_GO_MS, graceMs / 2)), graceMs),
    ])
    clearTimeout(timer)
    await waitAtMost(heartbeat.stop(), HEARTBEAT_STOP_MS)
    await shared.releaseAll()
  }
  return { start, serveMetrics, stop }
}
