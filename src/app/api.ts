import { setMaxListeners } from 'node:events'
import { createApp } from '../adapters/http/app.ts'
import { type AuthenticatorOptions, createAuthenticator } from '../adapters/http/auth.ts'
import { createImageSigner } from '../adapters/http/image-urls.ts'
import type { MetricsAccess } from '../adapters/http/metrics.ts'
import { createHttpServer, listen } from '../adapters/http/server.ts'
import { createIdentify, createSessions } from '../adapters/http/sessions.ts'
import { createPlaceholder } from '../adapters/images/placeholder.ts'
import { createThumbnails } from '../adapters/images/thumbnails.ts'
import {
  MAX_IMAGE_BYTES,
  MAX_IMAGE_PIXELS,
  MAX_PAGE_SIZE,
  MAX_PROMPT_CHARACTERS,
  MAX_WAIT_SECONDS,
} from '../contract/limits.ts'
import { findListPriceUsd } from '../contract/list-price.ts'
import type { ServerInfo } from '../contract/server-info.ts'
import { imageMimeTypeSchema } from '../contract/vocabulary.ts'
import { createAlerts } from '../features/alerts/module.ts'
import { createMissingImageReport } from '../features/maintenance/module.ts'
import { createOperators } from '../features/operators/module.ts'
import { createQueueBoard } from '../features/operators/queue-board.ts'
import { createFeedback, describeComparison } from '../features/similarity/create-feedback.ts'
import { createClientEventLog } from '../features/telemetry/client-events.ts'
import { createReuseLog } from '../features/telemetry/reuse-log.ts'
import { createTelemetryLog } from '../features/telemetry/telemetry-log.ts'
import { createWebhooks } from '../features/webhooks/module.ts'
import { parseWebhookUrl } from '../features/webhooks/sender/webhook-url.ts'
import type { Provider } from '../generation/ports.ts'
import { findSuggested } from '../generation/read/suggestions.ts'
import type { AcceptStep, OnStep } from '../generation/run/steps.ts'
import type { GenerationWithImage } from '../generation/state/repository.ts'
import { createBatcher } from '../lib/batch.ts'
import { StartError } from '../lib/errors.ts'
import type { Logger } from '../lib/logger.ts'
import { waitAtMost } from '../lib/time.ts'
import type { Config } from './config.ts'
import { createShared, logStep, type Overrides, QUEUE_SETTLE_MS } from './resources.ts'
import type { Secrets } from './secrets.ts'
import { createSubmitDeps, createUploads } from './submit.ts'
import { VERSION } from './version.ts'
import { BUILT_PAGES, createWebPages } from './web-pages.ts'

/** A request is answered within 2 s though Postgres has fallen silent. */
const SILENCE_MS = 1_000

/**
 * The HTTP server, listening once `start` resolves; `stop` drains it within the grace period and releases everything.
 * `idleMs`: how long a connection must have rested to be closed meanwhile; 0 where nobody would meet a reset.
 */
export const createApi = (
  config: Config,
  secrets: Secrets,
  logger: Logger,
  overrides: Overrides = {},
) => {
  const shared = createShared(config, logger, overrides, { silenceMs: SILENCE_MS })
  const { db, events, queue, provider, store, metrics, tracing } = shared
  const shutdown = new AbortController()
  // Every open stream and long poll listens.
  setMaxListeners(0, shutdown.signal)
  const onStep = overrides.onStep ?? logStep(logger)
  const log = createTelemetryLog(config, logger)
  const reuseLog = createReuseLog(db, {
    log,
    onReuse: metrics.submissions.onReuse,
    onError: (error) => logger.warn({ err: error }, 'lost reuse records'),
  })
  const uploads = createUploads(config, shared)
  const onSubmitStep: OnStep<AcceptStep> = (generationId, step) => {
    if (step === 'inserted') log({ type: 'generation_started', generationId, origin: 'server' })
    onStep(generationId, step)
  }
  const authenticate = createAuthenticator(
    toAuthenticatorOptions(secrets),
    config.auth.operatorKeys,
  )
  const sessions = createSessions(secrets.imageUrlSecret, {
    isSecure: config.http.publicUrl?.startsWith('https:') ?? false,
  })
  const queueBoard = createQueueBoard(config, logger)
  const app = createApp({
    db,
    store,
    uploads,
    logger,
    info: describeServer(provider),
    publicUrl: config.http.publicUrl,
    corsOrigins: config.http.corsOrigins,
    interactiveDeadlineMs: config.interactiveDeadlineMs,
    authenticate,
    sessions,
    identify: createIdentify(authenticate, sessions),
    queueBoard: queueBoard.handle,
    findOpenApi: createOpenApi(config),
    web: createWebPages(config, overrides.builtPages ?? BUILT_PAGES),
    signer: createImageSigner(secrets.imageUrlSecret),
    subscribe: events.subscribe,
    submit: createSubmitDeps(config, shared, uploads, logger, onSubmitStep),
    hooks: config.hooks,
    removeJob: queue.remove,
    enqueueAll: queue.enqueueAll,
    findParked: queue.findParked,
    placeholder: createPlaceholder(),
    listPriceUsd: (model, imageSize) => findListPriceUsd(provider.models, model, imageSize),
    readinessChecks: {
      database: () => db.selectNoFrom((eb) => eb.lit(1).as('one')).execute(),
      queue: queue.ping,
      store: store.ping,
    },
    metrics: metrics.http,
    startTrace: tracing?.startRequest,
    readMetrics: metrics.read,
    metricsAccess: toMetricsAccess(config),
    // Of a page of generations in one statement.
    findSuggested: createBatcher((rows: GenerationWithImage[]) => findSuggested(db, rows), {
      maxSize: MAX_PAGE_SIZE,
      maxRunning: 2,
    }),
    onReuse: reuseLog.record,
    recordClientEvents: createClientEventLog(db, log),
    parseWebhookUrl: (url) => parseWebhookUrl(url, config.webhooks.isPrivateAllowed),
    operators: createOperators(config, shared),
    alerts: { rules: shared.alertRules, intervalMs: config.alerts.intervalMs },
    similarity: {
      settings: describeComparison(config),
      feedback: createFeedback(config, shared, logger),
    },
    findThumbnail: createThumbnails(store),
    onImageMissing: createMissingImageReport(shared, logger),
    shutdown: shutdown.signal,
  })
  metrics.setRole('api')
  const alerts = createAlerts(config, shared, logger)
  // That no worker is alive is nothing that a worker could tell.
  const alertWebhooks = createWebhooks(
    config,
    secrets,
    shared,
    { logger, ...overrides },
    { isForAlerts: true },
  )
  const { server, drain } = createHttpServer(app)

  const start = async (): Promise<{ url: string }> => {
    await Promise.all([events.connect(), queue.settle(QUEUE_SETTLE_MS)])
    alerts.start()
    alertWebhooks.start()
    return { url: await listen(server, config.http) }
  }
  const stop = async (options: { idleMs?: number } = {}): Promise<void> => {
    logger.info('stopping')
    shutdown.abort()
    await Promise.all([
      drain({ graceMs: config.shutdownGraceMs, ...options }),
      alerts.stop(),
      waitAtMost(alertWebhooks.stop(config.shutdownGraceMs / 2), config.shutdownGraceMs),
    ])
    await reuseLog.close()
    await queueBoard.close()
    await shared.releaseAll()
  }
  return { start, stop }
}

/** Built when it is first asked for. */
const createOpenApi = ({ http }: Config): (() => Promise<object>) => {
  let built: Promise<object> | undefined
  const build = async () => {
    const { createOpenApiDocument } = await import('../openapi/document.ts')
    return createOpenApiDocument(VERSION, http.publicUrl)
  }
  return () => {
    built ??= build()
    return built
  }
}

const toAuthenticatorOptions = ({ auth }: Secrets): AuthenticatorOptions => {
  const { jwksUrl, jwtSecret, issuer, audience } = auth
  if (jwksUrl && issuer && audience) return { jwksUrl, issuer, audience }
  if (jwtSecret) return { jwtSecret, issuer, audience }
  throw new StartError('Set AUTH_JWT_SECRET, or AUTH_JWKS_URL with AUTH_ISSUER and AUTH_AUDIENCE.')
}

/** Without a token the figures are not for everyone who reaches the port of a production server. */
const toMetricsAccess = ({ metrics, isProduction }: Config): MetricsAccess =>
  metrics.token === undefined && isProduction ? 'nobody' : { token: metrics.token }

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
