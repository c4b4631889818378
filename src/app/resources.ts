import { join } from 'node:path'
import { createDatabase, type Database, type DatabaseOptions } from '../../db/database.ts'
import { type Installation, readInstallation } from '../../db/installation.ts'
import {
  createGenerationEvents,
  type GenerationEvents,
} from '../adapters/events/generation-events.ts'
import { createInspectImage } from '../adapters/images/inspect.ts'
import { createMetrics, type Metrics } from '../adapters/metrics/metrics.ts'
import type { QueueBackend } from '../adapters/queue/backend.ts'
import { createGenerationQueue, type GenerationQueue } from '../adapters/queue/generation-queue.ts'
import { createFilesystemStore } from '../adapters/storage/filesystem.ts'
import { createS3Store } from '../adapters/storage/s3.ts'
import type { Tracing } from '../adapters/tracing/ports.ts'
import { MAX_IMAGE_PIXELS } from '../contract/limits.ts'
import type { AlertRule } from '../features/alerts/rules.ts'
import type { OnBatchStep } from '../features/batches/ports.ts'
import { findWorkers } from '../features/operators/workers/find-workers.ts'
import { measureQueue } from '../features/operators/workers/measure-queue.ts'
import type { RetryWaits } from '../features/webhooks/schedule.ts'
import type { ImageStore, InspectImage, Provider, Providers } from '../generation/ports.ts'
import { mapProviders } from '../generation/providers.ts'
import { createWatcher, type Watcher } from '../generation/read/watch.ts'
import type { OnStep, RunStep, SubmitStep } from '../generation/run/steps.ts'
import { StartError } from '../lib/errors.ts'
import { createRareLog, type Logger } from '../lib/logger.ts'
import { waitAtMost } from '../lib/time.ts'
import type { ResolveName } from '../lib/vetted/vetted-addresses.ts'
import type { Config } from './config.ts'
import { createDisposables, type Disposables } from './disposables.ts'
import { openProviders } from './open-providers.ts'

/** Parts to be used in place of the ones that would be made: a test's own, or what two processes in one share. */
export type Overrides = Partial<{
  providers: Providers
  store: ImageStore
  metrics: Metrics
  tracing: Tracing | undefined
  onStep: OnStep<SubmitStep | RunStep>
  onBatchStep: OnBatchStep
  /** Where the built pages are. */
  builtPages: string
  /** Answers for the names of webhook endpoints. */
  resolveName: ResolveName
  /** The waits between the attempts to tell of a single request. */
  requestRetryWaitsMs: RetryWaits
  /** Alerts by other rules than those of the settings. */
  adjustAlertRule: (rule: AlertRule) => AlertRule
}>

/** What is opened for a process, API and worker alike. */
export type Resources = {
  db: Database
  events: GenerationEvents
  watcher: Watcher
  queue: GenerationQueue
  providers: Providers
  store: ImageStore
  metrics: Metrics
  tracing: Tracing | undefined
  /** Where the jobs are. */
  backend: QueueBackend
  /** Has something released with the rest, before it. */
  push: Disposables['push']
  releaseAll: () => Promise<void>
}

/** A queue that takes longer to answer is not waited for: what is accepted waits in Postgres. */
export const QUEUE_SETTLE_MS = 2_000

/** Closing waits for the statements under way, which a Postgres that is frozen never ends. */
const CLOSE_MS = 2_000

/** Opens everything that both processes need; `releaseAll` closes it again. */
export const createResources = (
  config: Config,
  logger: Logger,
  overrides: Overrides,
  { silenceMs }: Pick<DatabaseOptions, 'silenceMs'> = {},
): Resources => {
  const database = requireDatabase(config.database)
  const { push, releaseAll } = createDisposables((err) => logger.warn({ err }, 'could not release'))
  const metrics = overrides.metrics ?? createMetrics()
  const { tracing } = overrides
  const report = (message: string) => createRareLog((fields) => logger.warn(fields, message))

  const db = createDatabase({
    url: database.url,
    keepsSession: database.keepsSession,
    poolSize: config.database.poolSize,
    silenceMs,
    onIdleError: report('a database connection was lost'),
    onQuery: [metrics.database.onQuery],
    onPool: (count) => push(metrics.database.watchPool(count)),
  })
  push(() => waitAtMost(db.destroy(), CLOSE_MS))
  const events = createGenerationEvents(
    database.directUrl,
    report('the events connection was lost'),
  )
  push(events.close)
  const watcher = createWatcher({
    db,
    subscribe: events.subscribe,
    onError: report('what is followed could not be looked at'),
  })
  push(watcher.stop)
  const backend = toQueueBackend(config, db)
  const queue = createGenerationQueue(
    backend,
    config.queue.name,
    report('the queue is in trouble'),
    tracing?.queue,
  )
  push(queue.close)
  push(
    metrics.queue.watch({
      measureQueue: () => measureQueue(db),
      findWorkers: () => findWorkers(db),
      countJobs: queue.count,
    }),
  )
  const measuredStore = metrics.store.measure(overrides.store ?? createStore(config))
  const store = tracing?.wrapStore(measuredStore) ?? measuredStore
  push(store.close)
  const watchCalls = (provider: Provider): Provider => {
    const measured = metrics.provider.measure(provider)
    return tracing?.wrapProvider(measured) ?? measured
  }
  const providers = mapProviders(overrides.providers ?? openProviders(config).providers, watchCalls)
  return {
    ...{ db, events, watcher, queue, backend, providers, store, metrics, tracing },
    ...{ push, releaseAll },
  }
}

/** What was paid for is not thrown away for its size or its kind: a 4K picture as png can have 30 MB. It is as its maker encoded it. */
const BOUGHT_LIMITS = {
  maxBytes: 64 * 1024 * 1024,
  maxPixels: MAX_IMAGE_PIXELS,
  maxSeconds: 120,
  takesAll: true,
  keepsEncoding: true,
}

export const createInspectBought = (): InspectImage => createInspectImage(BOUGHT_LIMITS)

export const createStore = ({ s3, dataDir }: Config): ImageStore =>
  s3 ? createS3Store(s3) : createFilesystemStore({ directory: join(dataDir, 'images') })

export const toSpoolDirectory = ({ dataDir }: Config): string => join(dataDir, 'spool')

export const toQueueBackend = ({ queue, database }: Config, db: Database): QueueBackend =>
  queue.redisUrl
    ? { kind: 'redis', url: queue.redisUrl, findInstallation: createFindInstallation(db) }
    : { kind: 'postgres', url: requireDatabase(database).directUrl }

/** Asks once, and again where Postgres did not answer. */
const createFindInstallation = (db: Database) => {
  let found: Promise<Installation> | undefined
  return (): Promise<Installation> => {
    found ??= readInstallation(db).catch((error: unknown) => {
      found = undefined
      throw error
    })
    return found
  }
}

export type DatabaseAddress = { url: string; directUrl: string; keepsSession: boolean }

/**
 * Where Postgres is, and where what needs a session reaches it: LISTEN, migrations, locks, BullMQ's tables. Who gives an address
 * of its own for those may have a pooler at the other that keeps none. Throws `StartError` when there is no database.
 */
export const requireDatabase = ({ url, directUrl }: Config['database']): DatabaseAddress => {
  if (url) return { url, directUrl: directUrl ?? url, keepsSession: directUrl === undefined }
  throw new StartError(
    'DATABASE_URL is missing. Set it, or use `imageonce start`, which embeds one.',
  )
}
