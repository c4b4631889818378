import { setMaxListeners } from 'node:events'
import { hostname } from 'node:os'
import { startMetricsServer } from '../adapters/http/metrics-server.ts'
import { createProviderBreaker } from '../adapters/providers/breaker.ts'
import { createGenerationWorker } from '../adapters/queue/generation-worker.ts'
import { mendWrongClocks } from '../adapters/queue/wrong-clocks.ts'
import { createSpool } from '../adapters/storage/spool.ts'
import { createSpoolFiles } from '../adapters/storage/spool-files.ts'
import { createAlerts } from '../features/alerts/module.ts'
import { createAnalytics } from '../features/analytics/module.ts'
import { createBatchTasks } from '../features/batches/maintenance.ts'
import { createBatches } from '../features/batches/module.ts'
import { createGatewayTasks } from '../features/gateway/maintenance.ts'
import { createMaintenance } from '../features/maintenance/module.ts'
import { createHeartbeat } from '../features/operators/workers/heartbeat.ts'
import { createErasures } from '../features/owners/module.ts'
import { createRetention } from '../features/retention/module.ts'
import { createSavedItems } from '../features/saved-items/module.ts'
import { createSessionTasks } from '../features/sessions/maintenance.ts'
import { createSpending } from '../features/spending/module.ts'
import type { TelemetryLog } from '../features/telemetry/telemetry-log.ts'
import { createWebhooks } from '../features/webhooks/module.ts'
import { createRequestWebhooks } from '../features/webhooks/requests/module.ts'
import type { CompareWithSimilar } from '../generation/ports.ts'
import { createFlexLane } from '../generation/run/flex-lane.ts'
import { Interrupted } from '../generation/run/lease.ts'
import { createDeadlines } from '../generation/run/overdue.ts'
import type { RunDeps } from '../generation/run/run-deps.ts'
import { createRunJob } from '../generation/run/run-job.ts'
import {
  createSweep,
  enqueueAgain,
  enqueueIfQueued,
  type SweptQueue,
} from '../generation/state/sweep.ts'
import { createRareLog, type Logger } from '../lib/logger.ts'
import { runEvery } from '../lib/run-every.ts'
import { waitAtMost } from '../lib/time.ts'
import { VERSION } from '../lib/version.ts'
import { batchesDeps, batchingDeps, openBatchWire, watchBatches } from './batch-deps.ts'
import type { Config } from './config.ts'
import { requestWebhooksDeps } from './fal-deps.ts'
import { type Feature, letGoAfterMs, startAll, stopAll } from './feature.ts'
import {
  alertsDeps,
  deadlinesDeps,
  erasuresDeps,
  itemDeps,
  openSimilarity,
  openTelemetry,
  retentionDeps,
  spendingDeps,
  webhooksDeps,
} from './feature-deps.ts'
import {
  createInspectBought,
  createResources,
  type Overrides,
  QUEUE_SETTLE_MS,
  type Resources,
  toSpoolDirectory,
} from './resources.ts'
import { createUpstreamSeal, type Secrets } from './secrets.ts'
import { reportGuessedPrices } from './server-info.ts'
import { createSubmitDeps, createUploads } from './submit.ts'

/** Only calls to the model take longer than this to end. */
const FEATURES_GRACE_MS = 10_000

/** A Postgres that is away takes the worker off its list later, by itself. */
const HEARTBEAT_STOP_MS = 500

/**
 * The worker, taking jobs once `start` resolves. `stop` takes none any more, begins no call, lets those that are out finish and,
 * towards the end of the grace period, gives the rest back for others to take up at once.
 */
export const createWorker = (
  config: Config,
  secrets: Secrets,
  logger: Logger,
  overrides: Overrides = {},
) => {
  const resources = createResources(config, logger, overrides)
  const { db, events, queue, metrics, tracing } = resources
  const stopping = new AbortController()
  const letGo = new AbortController()
  // Every running generation listens.
  setMaxListeners(0, letGo.signal)
  const onError = createRareLog((fields) => logger.error(fields, 'worker trouble'))
  const workerId = `${hostname()}:${process.pid}:${process.hrtime.bigint().toString(36)}`
  const { concurrency } = config.worker
  const heartbeat = createHeartbeat(
    db,
    { id: workerId, host: hostname(), pid: process.pid, version: VERSION, concurrency },
    // Those that fill its slots: calls at the flex tier take none.
    { countRunning: () => worker.countRunning() - flex.countOut(), onError },
  )
  const { features, compare, log } = listFeatures(config, secrets, resources, logger, overrides)
  const flex = createFlexLane(config.worker.flexConcurrency)
  const batchWire = openBatchWire(config)
  const runDeps = createRunDeps(config, resources, logger, overrides, {
    seal: createUpstreamSeal(secrets),
    compare,
    flex,
    batching: batchWire && batchingDeps(config, resources, batchWire, overrides),
    workerId,
    stopping: stopping.signal,
    shutdown: letGo.signal,
    onBreaker: heartbeat.setBreakerOpen,
  })
  const batches =
    batchWire && createBatches(batchesDeps(config, runDeps, batchWire, logger, overrides))
  const parts = batches ? [...features, batches] : features
  const worker = createGenerationWorker({
    backend: resources.backend,
    name: config.queue.name,
    concurrency,
    leaseMs: config.worker.leaseMs,
    telemetry: tracing?.queue,
    run: createRunJob({
      ...runDeps,
      trace: tracing?.traceAttempt,
      onLeft: metrics.runs.forget,
      record: log,
    }),
    onJobGone: (generationId) => enqueueIfQueued(db, queue.enqueue, generationId),
    onAgain: (generationId, delayMs) => enqueueAgain(db, queue.enqueue, generationId, delayMs),
    onError,
  })
  metrics.setRole('worker')
  let sweeper: ReturnType<typeof runEvery> | undefined
  const mendClocks = (ids: readonly string[]) =>
    mendWrongClocks(db, config.queue.name, { lockMs: config.worker.leaseMs, ids })
  const swept: SweptQueue = {
    ...queue,
    mendClocks: resources.backend.kind === 'postgres' ? mendClocks : async () => {},
  }
  const sweepGenerations = createSweep(db, swept)

  const start = async (): Promise<void> => {
    reportGuessedPrices(resources.providers, logger)
    await Promise.all([events.connect(), queue.settle(QUEUE_SETTLE_MS)])
    worker.start()
    const sweep = async () => {
      await queue.claim()
      // Said again each time: a Redis that lost its data lost the limit too.
      await queue.limitConcurrency(config.worker.modelMaxConcurrency)
      await sweepGenerations()
    }
    await queue.limitConcurrency(config.worker.modelMaxConcurrency).catch(onError)
    sweeper = runEvery(sweep, { intervalMs: config.worker.sweepIntervalMs, onError })
    heartbeat.start()
    startAll(parts)
  }
  /** Where `METRICS_PORT` is set; a process that is an API too answers `/metrics` there. */
  const serveMetrics = async (): Promise<string | undefined> => {
    const { port, host, token } = config.metrics
    if (port === undefined) return undefined
    const server = await startMetricsServer({ port, host, token, read: metrics.read })
    resources.push(server.close)
    return server.url
  }
  /** How long a stop waits at most for what is under way now. */
  const findGraceMs = (): number =>
    flex.countOut() > 0 ? config.stop.flexGraceMs : config.stop.workerGraceMs
  /** With `hurry`, what still runs is given back as soon as that aborts. */
  const stop = async (hurry?: AbortSignal): Promise<void> => {
    const graceMs = findGraceMs()
    logger.info({ running: worker.countRunning(), graceMs }, 'stopping')
    stopping.abort(new Interrupted('shutdown'))
    const giveBack = () => letGo.abort()
    const timer = setTimeout(giveBack, letGoAfterMs(graceMs))
    hurry?.addEventListener('abort', giveBack)
    if (hurry?.aborted) giveBack()
    const restMs = Math.min(graceMs, FEATURES_GRACE_MS)
    // A sweep that waits for Postgres ends with its connections.
    const isSwept = sweeper && waitAtMost(sweeper.stop(), restMs)
    await Promise.all([isSwept, worker.stop(graceMs), stopAll(parts, restMs)])
    clearTimeout(timer)
    hurry?.removeEventListener('abort', giveBack)
    await waitAtMost(heartbeat.stop(), HEARTBEAT_STOP_MS)
    await resources.releaseAll()
  }
  return { start, serveMetrics, stop, findGraceMs, countRunning: worker.countRunning }
}

type WorkerFeatures = {
  features: Feature[]
  compare: CompareWithSimilar | undefined
  log: TelemetryLog | undefined
}

/** All that workers do besides generating. */
const listFeatures = (
  config: Config,
  secrets: Secrets,
  resources: Resources,
  logger: Logger,
  overrides: Overrides,
): WorkerFeatures => {
  const { db, store } = resources
  const { sweepIntervalMs: intervalMs } = config.worker
  const telemetry = openTelemetry(config, resources, logger)
  const similarity = openSimilarity(config, resources, logger)
  const submit = createSubmitDeps(config, resources, createUploads(config, resources), {
    seal: createUpstreamSeal(secrets),
    onDeclined: similarity.onDeclined,
    record: telemetry.log,
    onStep: overrides.onStep,
    logger,
  })
  // Nobody sends a worker one of our image URLs.
  const items = itemDeps(resources, submit, telemetry, () => undefined)
  const features: Feature[] = [
    createSavedItems({ items, intervalMs, logger }),
    createAnalytics({ db, intervalMs, logger }),
    createWebhooks(webhooksDeps(config, secrets, resources, logger, overrides)),
    createRequestWebhooks(requestWebhooksDeps(config, secrets, resources, logger, overrides)),
    createAlerts(alertsDeps(config, resources, logger, overrides)),
    createDeadlines(deadlinesDeps(config, resources, logger)),
    createErasures(erasuresDeps(config, resources, logger)),
    createRetention(retentionDeps(config, resources, logger)),
    createSpending(spendingDeps(config, resources, logger)),
    { tasks: similarity.tasks },
    { tasks: createSessionTasks(db) },
    { tasks: createGatewayTasks(db) },
    { tasks: createBatchTasks(db), stop: watchBatches(config, resources) },
  ]
  const maintenance = createMaintenance({
    db,
    store,
    spool: createSpoolFiles({ directory: toSpoolDirectory(config) }),
    backend: resources.backend,
    queueName: config.queue.name,
    intervalMs,
    orphanGraceDays: config.worker.orphanGraceDays,
    tasks: features.flatMap(({ tasks = [] }) => tasks),
    logger,
  })
  return {
    features: [...features, maintenance],
    compare: similarity.compare,
    log: telemetry.log,
  }
}

/** What running a generation takes. */
const createRunDeps = (
  config: Config,
  { db, store, providers, watcher, metrics, tracing }: Resources,
  logger: Logger,
  overrides: Overrides,
  parts: Pick<
    RunDeps,
    'seal' | 'compare' | 'flex' | 'workerId' | 'stopping' | 'shutdown' | 'batching'
  > & {
    onBreaker: (isOpen: boolean) => void
  },
): RunDeps => {
  const { onBreaker, ...rest } = parts
  const { leaseMs, retryBackoffMs, breaker, generationTimeoutMs, tiers } = config.worker
  return {
    ...rest,
    db,
    providers,
    store,
    inspect: createInspectBought(),
    spool: createSpool({ directory: toSpoolDirectory(config) }),
    leaseMs,
    retryBackoffMs,
    callMs: generationTimeoutMs,
    giveUpMs: config.limits.giveUpMs,
    budgets: config.budgets,
    tiers,
    breaker: createProviderBreaker({
      ...breaker,
      onChange: (isOpen) => {
        onBreaker(isOpen)
        metrics.provider.setBreakerOpen(isOpen)
        logger.warn({ isOpen }, 'the circuit breaker of the provider')
      },
    }),
    subscribe: ({ id, eventSequence }, listener) =>
      watcher.follow(id, { seen: eventSequence, onNews: listener, onGone: listener }),
    onTrouble: (generationId, part, err) =>
      logger.warn(
        { generationId, part, err },
        part === 'answer'
          ? 'bytes that were paid for do not decode; they are kept with the generation'
          : 'in trouble; the generation goes on',
      ),
    logger,
    onStep: [metrics.runs.onStep, tracing?.onStep, overrides.onStep].filter((each) => each != null),
    onRun: metrics.runs.onRun,
    onReuse: metrics.submissions.onReuse,
  }
}
