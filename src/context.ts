import { hostname } from 'node:os'
import { join } from 'node:path'
import { createDatabase, type Database } from '../db/database.ts'
import type { Config } from './config.ts'
import {
  MAX_IMAGE_BYTES,
  MAX_IMAGE_PIXELS,
  MAX_PROMPT_CHARACTERS,
  MAX_WAIT_SECONDS,
} from './contract/limits.ts'
import type { ServerInfo } from './contract/server-info.ts'
import { type ImageSize, imageMimeTypeSchema } from './contract/vocabulary.ts'
import { StartError } from './errors.ts'
import { createGenerationEvents, type GenerationEvents } from './events/generation-events.ts'
import type { ImageStore, Provider } from './generation/ports.ts'
import { runGeneration } from './generation/run.ts'
import { enqueueIfQueued, sweepGenerations } from './generation/sweep.ts'
import { startSweeper } from './generation/sweeper.ts'
import { resolveConditionImage, type UploadDeps } from './generation/uploads.ts'
import { createApp } from './http/app.ts'
import { type AuthenticatorOptions, createAuthenticator } from './http/auth.ts'
import { createImageSigner } from './http/image-urls.ts'
import { closeServer, createHttpServer, listen } from './http/server.ts'
import { parseImageData } from './images/data-url.ts'
import { createInspectImage } from './images/inspect.ts'
import { createPlaceholder } from './images/placeholder.ts'
import { createRareLog, type Logger } from './logger.ts'
import { createGeminiProvider } from './providers/gemini.ts'
import { createLocalProvider } from './providers/local.ts'
import type { QueueBackend } from './queue/backend.ts'
import { createGenerationQueue, type GenerationQueue } from './queue/generation-queue.ts'
import { createGenerationWorker } from './queue/generation-worker.ts'
import { createReleases } from './releases.ts'
import type { Secrets } from './secrets.ts'
import { createFilesystemStore } from './storage/filesystem.ts'
import { createS3Store } from './storage/s3.ts'
import { createSpool } from './storage/spool.ts'
import { createReuseLog } from './telemetry/reuse-log.ts'
import { VERSION } from './version.ts'

/** Parts that a test may put in place of the ones the configuration asks for. */
export type Overrides = Partial<{ provider: Provider; store: ImageStore }>

/** What the API and the worker have in common. */
type Shared = {
  db: Database
  events: GenerationEvents
  queue: GenerationQueue
  provider: Provider
  store: ImageStore
  releaseAll: () => Promise<void>
}

/** The HTTP server, listening once `start` resolves; `stop` drains it and releases everything. */
export const createApi = (
  config: Config,
  secrets: Secrets,
  logger: Logger,
  overrides: Overrides = {},
) => {
  const shared = createShared(config, logger, overrides)
  const { db, events, queue, provider, store } = shared
  const shutdown = new AbortController()
  const reuseLog = createReuseLog(db, (error) => logger.warn({ err: error }, 'lost reuse records'))
  const uploads: UploadDeps = {
    db,
    store,
    inspect: createInspectImage({ maxBytes: MAX_IMAGE_BYTES, maxPixels: MAX_IMAGE_PIXELS }),
    parseImageData: (text, pointer) => parseImageData(text, { pointer }),
  }
  const app = createApp({
    db,
    store,
    uploads,
    logger,
    info: describeServer(provider),
    publicUrl: config.http.publicUrl,
    interactiveDeadlineMs: config.interactiveDeadlineMs,
    authenticate: createAuthenticator(toAuthenticatorOptions(secrets)),
    signer: createImageSigner(secrets.imageUrlSecret),
    subscribe: events.subscribe,
    submit: {
      db,
      provider,
      resolveConditionImage: (ownerId, image) => resolveConditionImage(uploads, ownerId, image),
      enqueue: queue.enqueue,
      promote: queue.promote,
      onEnqueueFailure: (generationId, reason) =>
        logger.warn({ generationId, reason }, 'not handed to the queue: the sweeper will'),
    },
    removeJob: queue.remove,
    placeholder: createPlaceholder(),
    listPriceUsd: (model, imageSize) => listPriceUsd(provider, model, imageSize),
    readinessChecks: {
      database: () => db.selectNoFrom((eb) => eb.lit(1).as('one')).execute(),
      queue: queue.ping,
      store: store.ping,
    },
    onReuse: reuseLog.record,
    shutdown: shutdown.signal,
  })
  const server = createHttpServer(app)

  const start = async (): Promise<{ url: string }> => {
    await Promise.all([events.connect(), queue.settle(QUEUE_SETTLE_MS)])
    return { url: await listen(server, config.http) }
  }
  const stop = async (): Promise<void> => {
    shutdown.abort()
    await closeServer(server, config.shutdownGraceMs)
    await reuseLog.close()
    await shared.releaseAll()
  }
  return { start, stop }
}

/** The worker, taking jobs once `start` resolves; `stop` lets running calls finish within the grace period. */
export const createWorker = (config: Config, logger: Logger, overrides: Overrides = {}) => {
  const shared = createShared(config, logger, overrides)
  const { db, events, queue, provider, store } = shared
  const letGo = new AbortController()
  const onError = createRareLog((fields) => logger.error(fields, 'worker trouble'))
  const runDeps = {
    db,
    provider,
    store,
    inspect: createInspectImage({ maxBytes: MAX_BOUGHT_BYTES, maxPixels: MAX_IMAGE_PIXELS }),
    spool: createSpool({ directory: join(config.dataDir, 'spool') }),
    workerId: `${hostname()}:${process.pid}:${process.hrtime.bigint().toString(36)}`,
    leaseMs: config.worker.leaseMs,
    retryBackoffMs: config.worker.retryBackoffMs,
    shutdown: letGo.signal,
    subscribe: events.subscribe,
    onStoreTrouble: (generationId: string, err: unknown) =>
      logger.warn({ generationId, err }, 'the image store is in trouble; trying on'),
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
  }
  const stop = async (): Promise<void> => {
    const timer = setTimeout(() => letGo.abort(), config.shutdownGraceMs)
    await sweeper?.stop()
    await worker.stop(config.shutdownGraceMs + LET_GO_MS)
    clearTimeout(timer)
    await shared.releaseAll()
  }
  return { start, stop }
}

const toQueueBackend = ({ queue, database }: Config): QueueBackend =>
  queue.redisUrl
    ? { kind: 'redis', url: queue.redisUrl }
    : { kind: 'postgres', url: requireDatabaseUrl(database.url) }

export const requireDatabaseUrl = (url: string | undefined): string => {
  if (url) return url
  throw new StartError(
    'DATABASE_URL is missing. Set it, or use `imageonce start`, which embeds one.',
  )
}

const createShared = (config: Config, logger: Logger, overrides: Overrides): Shared => {
  const databaseUrl = requireDatabaseUrl(config.database.url)
  const { push, releaseAll } = createReleases((err) => logger.warn({ err }, 'could not release'))
  const report = (message: string) => createRareLog((fields) => logger.warn(fields, message))

  const db = createDatabase({
    url: databaseUrl,
    poolSize: config.database.poolSize,
    onIdleError: report('a database connection was lost'),
  })
  push(() => db.destroy())
  const events = createGenerationEvents(databaseUrl, report('the events connection was lost'))
  push(events.close)
  const queue = createGenerationQueue(
    toQueueBackend(config),
    config.queue.name,
    report('the queue is in trouble'),
  )
  push(queue.close)
  const store = overrides.store ?? createStore(config)
  push(store.close)
  const provider = overrides.provider ?? createProvider(config)
  return { db, events, queue, provider, store, releaseAll }
}

const createStore = ({ s3, dataDir }: Config): ImageStore =>
  s3 ? createS3Store(s3) : createFilesystemStore({ directory: join(dataDir, 'images') })

const createProvider = ({ gemini, worker }: Config): Provider =>
  gemini
    ? createGeminiProvider({ ...gemini, timeoutMs: worker.generationTimeoutMs })
    : createLocalProvider()

const toAuthenticatorOptions = ({ auth }: Secrets): AuthenticatorOptions => {
  const { jwksUrl, jwtSecret, issuer, audience } = auth
  if (jwksUrl && issuer && audience) return { jwksUrl, issuer, audience }
  if (jwtSecret) return { jwtSecret, issuer, audience }
  throw new StartError('Set AUTH_JWT_SECRET, or AUTH_JWKS_URL with AUTH_ISSUER and AUTH_AUDIENCE.')
}

const describeServer = ({ name, defaultModel, models }: Provider): ServerInfo => ({
  name: 'imageonce',
  version: VERSION,
  provider: name,
  defaultModel,
  models,
  limits: {
    maxPromptCharacters: MAX_PROMPT_CHARACTERS,
    maxImageBytes: MAX_IMAGE_BYTES,
    maxImagePixels: MAX_IMAGE_PIXELS,
    maxWaitSeconds: MAX_WAIT_SECONDS,
    imageMimeTypes: imageMimeTypeSchema.options,
  },
})

const listPriceUsd = ({ models }: Provider, model: string, imageSize: ImageSize): number =>
  models.find(({ name }) => name === model)?.priceUsd[imageSize] ?? 0

/** What was paid for is not thrown away for its size: a 4K picture as png can have 30 MB. */
const MAX_BOUGHT_BYTES = 64 * 1024 * 1024

/** How long runs that were told to let go may take to give back what they hold. */
const LET_GO_MS = 2_000
/** A queue that takes longer to answer is not waited for: what is accepted waits in Postgres. */
const QUEUE_SETTLE_MS = 2_000
