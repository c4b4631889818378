import { setMaxListeners } from 'node:events'
import { createApp } from '../adapters/http/app.ts'
import { createCallerPolicy } from '../adapters/http/caller-policy.ts'
import type { HttpContext } from '../adapters/http/http-context.ts'
import { createImageSigner, findImageId } from '../adapters/http/image-urls.ts'
import type { Rates } from '../adapters/http/rates/rates.ts'
import { createHttpServer, listen } from '../adapters/http/server.ts'
import { createUpstreamKeys } from '../adapters/http/upstream-key.ts'
import { createPlaceholder } from '../adapters/images/placeholder.ts'
import { createCostSplit } from '../adapters/providers/split-cost.ts'
import type { Reuse } from '../contract/generation.ts'
import { createAlerts } from '../features/alerts/module.ts'
import { createAlertRoutes } from '../features/alerts/routes.ts'
import { createAnalyticsRoutes } from '../features/analytics/routes.ts'
import { createStatementRoutes } from '../features/analytics/statement-routes.ts'
import { createBatchRoutes } from '../features/batches/routes.ts'
import { createBooksRoutes } from '../features/books/routes.ts'
import { createExplainRoutes } from '../features/explain/routes.ts'
import { createFindRoutes } from '../features/find/routes.ts'
import { createGateway } from '../features/gateway/module.ts'
import { createKeys } from '../features/keys/module.ts'
import { createKeyRoutes } from '../features/keys/routes.ts'
import { createMissingImageReport } from '../features/maintenance/missing-image.ts'
import { createOperators } from '../features/operators/module.ts'
import { findWorkers } from '../features/operators/workers/find-workers.ts'
import { measureQueue } from '../features/operators/workers/measure-queue.ts'
import { createErasingOwners } from '../features/owners/erasing-owners.ts'
import { createOwnerRoutes } from '../features/owners/routes.ts'
import { createSendExport } from '../features/owners/send-export.ts'
import { createReceiptRoutes } from '../features/receipts/routes.ts'
import { createAccessLog } from '../features/retention/access-log.ts'
import { createHookRoutes } from '../features/saved-items/hooks-routes.ts'
import { createSavedItemRoutes } from '../features/saved-items/routes.ts'
import { createSessionEnds } from '../features/sessions/ends.ts'
import { createSessionEndRoutes } from '../features/sessions/routes.ts'
import { createSimilarityRoutes } from '../features/similarity/routes.ts'
import { setKeyBudget } from '../features/spending/budgets.ts'
import { createSpending } from '../features/spending/module.ts'
import { createSpendingRoutes } from '../features/spending/routes.ts'
import { createClientEventLog } from '../features/telemetry/client-events.ts'
import { createTelemetryRoutes } from '../features/telemetry/routes.ts'
import { createAlertWebhooks } from '../features/webhooks/module.ts'
import { createWebhookRoutes } from '../features/webhooks/routes.ts'
import { createSourceWebhookRoutes } from '../features/webhooks/source-webhooks-routes.ts'
import { createDeadlines } from '../generation/run/overdue.ts'
import type { GenerationWithImage } from '../generation/state/repository.ts'
import { createByteBudget } from '../lib/byte-budget.ts'
import type { Logger } from '../lib/logger.ts'
import { VERSION } from '../lib/version.ts'
import { parsePublicUrl } from '../lib/vetted/public-url.ts'
import { watchBatches } from './batch-deps.ts'
import { createCallers } from './callers.ts'
import type { Config } from './config.ts'
import { createCoreRoutes } from './core-routes.ts'
import { describePrices } from './examine-prices.ts'
import { falDeps } from './fal-deps.ts'
import { type Feature, startAll, stopAll } from './feature.ts'
import {
  alertsDeps,
  deadlinesDeps,
  explainDeps,
  gatewayDeps,
  itemDeps,
  keysDeps,
  openSimilarity,
  openTelemetry,
  spendingDeps,
  webhooksDeps,
} from './feature-deps.ts'
import { openHoldings } from './holdings.ts'
import { createHttpContext } from './http-context.ts'
import { openRates } from './rates.ts'
import { createResources, type Overrides, QUEUE_SETTLE_MS, type Resources } from './resources.ts'
import { createUpstreamSeal, type Secrets } from './secrets.ts'
import { describeServer } from './server-info.ts'
import { createSubmitDeps, createUploads } from './submit.ts'
import { BUILT_PAGES, createWebPages } from './web-pages.ts'

/** A request is answered within 2 s though Postgres has fallen silent. */
const SILENCE_MS = 1_000

/** Whoever waits holds a connection, and next to no memory. */
const BODY_WAITS = { maxWaitMs: 10_000, maxWaitingEach: 20, maxWaiting: 500 }

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
  const resources = createResources(config, logger, overrides, { silenceMs: SILENCE_MS })
  const { db, events, queue, metrics, tracing } = resources
  const shutdown = new AbortController()
  // Every open stream and long poll listens.
  setMaxListeners(0, shutdown.signal)
  const keys = createKeys(keysDeps(resources, logger))
  const ends = createSessionEnds({ db: resources.db, subscribe: events.subscribe })
  const callers = createCallers(config, secrets, { ...keys, ends })
  const rates = openRates(config, resources, logger)
  const bounded = { ...callers, identify: rates.boundCaller(callers.identify) }
  const http = createHttpContext(config, secrets, resources, logger, shutdown.signal)
  const features: Feature[] = [
    ...listFeatures(config, secrets, resources, logger, overrides, http, bounded, rates),
    { routes: [createKeyRoutes(http, { db, setBudget: setKeyBudget(db) })], ...keys },
    { routes: createSessionEndRoutes(ends.endAllOf), stop: ends.stop },
    rates,
  ]
  const routes = features.flatMap(({ routes = [] }) => routes)
  const app = createApp({
    logger,
    startRequest: metrics.http.startRequest,
    startTrace: tracing?.startRequest,
    corsOrigins: config.http.corsOrigins,
    trustedProxies: config.http.trustedProxies ?? 0,
    rates,
    bodies: createByteBudget({ ...BODY_WAITS, totalBytes: config.bounds.bodyBytes }),
    identify: bounded.identify,
    routes,
    web: createWebPages(config, overrides.builtPages ?? BUILT_PAGES),
  })
  const { listener, ...classes } = app
  const { server, drain } = createHttpServer(listener, classes)
  metrics.setRole('api')

  const start = async (): Promise<{ url: string }> => {
    await Promise.all([events.connect(), queue.settle(QUEUE_SETTLE_MS)])
    startAll(features)
    return { url: await listen(server, config.http) }
  }
  const stop = async (options: { idleMs?: number; hurry?: AbortSignal } = {}): Promise<void> => {
    const graceMs = config.stop.apiGraceMs
    logger.info('stopping')
    shutdown.abort()
    await Promise.all([drain({ graceMs, ...options }), stopAll(features, graceMs)])
    await resources.releaseAll()
  }
  return { routes, start, stop }
}

/** All that the API serves, and what it does besides. */
const listFeatures = (
  config: Config,
  secrets: Secrets,
  resources: Resources,
  logger: Logger,
  overrides: Overrides,
  http: HttpContext,
  callers: ReturnType<typeof createCallers>,
  rates: Rates,
): Feature[] => {
  const { db, providers, store } = resources
  const { identify } = callers
  const { secrets: hookSecrets, namespaces, ...hookTiming } = config.hooks
  const signer = createImageSigner(...secrets.imageUrlSecrets)
  const placeholder = createPlaceholder()
  const info = describeServer(providers, config.http)
  const upstreamKeys = createUpstreamKeys(config.upstreamKeys)
  const { payerOf, assertServerPays } = upstreamKeys
  const { assertMayAsk, describeCaller } = createCallerPolicy(
    config.ownerPolicy,
    providers,
    upstreamKeys.ruleOf,
  )
  const telemetry = openTelemetry(config, resources, logger)
  const { log, recordReuse } = telemetry
  const similarity = openSimilarity(config, resources, logger)
  const alerts = alertsDeps(config, resources, logger, overrides)
  const costs = createCostSplit(config.prices)
  const { takeItem, takeKey, takeBytes } = openHoldings(config, db)
  const uploads = createUploads(config, resources, takeBytes)
  const submit = createSubmitDeps(config, resources, uploads, {
    seal: createUpstreamSeal(secrets),
    onDeclined: similarity.onDeclined,
    record: log,
    onStep: overrides.onStep,
    takeNew: rates.takeNew,
    takeKey,
    onStopped: telemetry.recordRefusal,
    logger,
  })
  const explain = explainDeps(config, resources, submit, uploads, rates, similarity)
  const items = {
    ...itemDeps(resources, submit, telemetry, (url) => findImageId(signer, url)),
    takeItem,
  }
  const parseUrl = (url: string) => parsePublicUrl(url, config.webhooks.isPrivateAllowed)
  const { assertNotErasing, ...erasing } = createErasingOwners({
    db,
    subscribe: resources.events.subscribe,
    logger,
  })
  const { recordAccess, ...accesses } = createAccessLog({ db, logger })
  const showing = {
    assertMayAsk,
    payerOf,
    upstreamKeys,
    submit,
    recordReuse: (row: GenerationWithImage, reuse: Reuse | undefined) => {
      recordReuse(row, reuse)
      recordAccess(row.id)
    },
    recordAccess,
    onImageMissing: createMissingImageReport({ db, store, logger }),
  }
  const sendExport = createSendExport({ db, store, shutdown: http.shutdown, logger })
  return [
    { routes: [createOwnerRoutes(http, { sendExport, assertNotErasing })], ...erasing },
    {
      routes: createCoreRoutes(http, {
        ...callers,
        resources,
        queueKind: config.queue.redisUrl ? 'redis' : 'postgres',
        info,
        describeCaller,
        publicUrl: config.http.publicUrl,
        interactiveDeadlineMs: config.interactiveDeadlineMs,
        warnShare: config.budgets.warnShare,
        ...showing,
        uploads,
        signer,
        placeholder,
        // Without a token the figures are not for everyone who reaches the port of a production server.
        metricsAccess:
          config.metrics.token === undefined && config.isProduction
            ? 'nobody'
            : { token: config.metrics.token },
        logger,
      }),
    },
    {
      routes: createGateway(http, {
        ...gatewayDeps(config, resources, { ...showing, describeCaller, placeholder }, logger),
        fal: falDeps(config, secrets, resources, uploads, overrides),
      }),
    },
    {
      routes: [
        createTelemetryRoutes({
          identify,
          recordClientEvents: createClientEventLog(db, log, rates.takeEvents),
        }),
      ],
    },
    {
      routes: [
        createSourceWebhookRoutes({ db, secrets: hookSecrets, parseUrl }),
        createWebhookRoutes(http, parseUrl),
      ],
      ...createAlertWebhooks(webhooksDeps(config, secrets, resources, logger, overrides)),
    },
    {
      routes: [
        createHookRoutes({ items, secrets: hookSecrets, namespaces, timing: hookTiming }),
        createSavedItemRoutes(http, { items, placeholder, assertMayAsk, assertServerPays }),
      ],
    },
    {
      routes: [
        createAnalyticsRoutes(http, costs.shareOf),
        createStatementRoutes(http, costs.shareOf),
        createBooksRoutes(http, { db, pricing: costs, models: costs.models }),
      ],
    },
    { routes: [createAlertRoutes(http, alerts)], ...createAlerts(alerts) },
    {
      routes: createSpendingRoutes(http, config.budgets),
      ...createSpending(spendingDeps(config, resources, logger)),
    },
    { routes: [createBatchRoutes(http)], stop: watchBatches(config, resources) },
    createDeadlines(deadlinesDeps(config, resources, logger)),
    accesses,
    { routes: [createSimilarityRoutes(http, similarity)] },
    { routes: [createExplainRoutes(http, { ...explain, assertMayAsk, payerOf })] },
    { routes: createReceiptRoutes(http, signer) },
    { routes: [createFindRoutes(http)] },
    createOperators({
      server: {
        version: VERSION,
        provider: info.provider,
        database: config.database.isEmbedded ? 'embedded' : 'postgres',
        queue: config.queue.redisUrl ? 'redis' : 'postgres',
        store: store.kind,
      },
      describePrices: () => describePrices(config, new Date()),
      settings: config.settings,
      findWorkers: () => findWorkers(db),
      measureQueue: () => measureQueue(db),
      backend: resources.backend,
      queueName: config.queue.name,
      identify,
      logger,
    }),
  ]
}
