import { createImageSigner, createUrlsAt } from '../adapters/http/image-urls.ts'
import type { Rates } from '../adapters/http/rates/rates.ts'
import { createThumbnails } from '../adapters/images/thumbnails.ts'
import { createGeminiUpstream } from '../adapters/providers/gemini-upstream.ts'
import { findListPriceUsd } from '../contract/list-price.ts'
import { createAlertMetrics } from '../features/alerts/metrics.ts'
import type { AlertsDeps } from '../features/alerts/module.ts'
import { createAlertRules } from '../features/alerts/rules.ts'
import { isToCount } from '../features/analytics/facts.ts'
import { createFold } from '../features/analytics/fold.ts'
import { readWindow } from '../features/analytics/window.ts'
import { measureBatches } from '../features/batches/report.ts'
import type { ExplainDeps } from '../features/explain/explain.ts'
import { createRecentCalls } from '../features/explain/recent-calls.ts'
import type { GatewayDeps } from '../features/gateway/module.ts'
import { findPlace } from '../features/gateway/parallel-calls.ts'
import type { KeysDeps } from '../features/keys/module.ts'
import { findWorkers } from '../features/operators/workers/find-workers.ts'
import { measureQueue } from '../features/operators/workers/measure-queue.ts'
import type { ErasuresDeps } from '../features/owners/module.ts'
import type { RetentionDeps } from '../features/retention/apply-retention.ts'
import type { ItemDeps } from '../features/saved-items/ask.ts'
import { createSimilarityMetrics } from '../features/similarity/metrics.ts'
import { createSimilarity } from '../features/similarity/module.ts'
import { countGuessedCalls } from '../features/spending/guessed-calls.ts'
import { createSpendingMetrics } from '../features/spending/metrics.ts'
import type { SpendingDeps } from '../features/spending/module.ts'
import { measureSpending } from '../features/spending/report.ts'
import { createTelemetry } from '../features/telemetry/module.ts'
import { insertAlertDeliveries } from '../features/webhooks/alert-deliveries.ts'
import { createWebhookMetrics } from '../features/webhooks/metrics.ts'
import type { WebhooksDeps } from '../features/webhooks/module.ts'
import { deleteImage } from '../generation/read/images.ts'
import { describeReuse } from '../generation/read/present.ts'
import type { DeadlinesDeps } from '../generation/run/overdue.ts'
import { cancelGenerations } from '../generation/state/cancel.ts'
import type { SubmitDeps } from '../generation/submit/submit.ts'
import { foreseeConditionImage, type UploadDeps } from '../generation/submit/uploads.ts'
import { createByteBudget } from '../lib/byte-budget.ts'
import { AppError } from '../lib/errors.ts'
import { createRareLog, type Logger } from '../lib/logger.ts'
import type { Config } from './config.ts'
import { isGuessed } from './examine-prices.ts'
import { publicUrlOf } from './public-url.ts'
import type { Overrides, Resources } from './resources.ts'
import type { Secrets } from './secrets.ts'

/* What features need that run in both processes, read from the settings in one place. */

export const alertsDeps = (
  config: Config,
  { db, metrics }: Resources,
  logger: Logger,
  { adjustAlertRule }: Overrides,
): AlertsDeps => {
  const rules = createAlertRules(config.alerts)
  return {
    db,
    rules: adjustAlertRule ? rules.map(adjustAlertRule) : rules,
    intervalMs: config.alerts.intervalMs,
    sources: {
      readWindow: (windowMs) => readWindow(db, windowMs),
      readSpend: () => measureSpending(db, config.budgets),
      findWorkers: () => findWorkers(db),
      measureQueue: () => measureQueue(db),
      countStuckBatches: async () => (await measureBatches(db, config.batches.deadlineMs)).stuck,
      countGuessed: (windowMs) =>
        countGuessedCalls(db, (model) => isGuessed(config.prices, model), windowMs),
    },
    tellEndpoints: insertAlertDeliveries,
    watchQueryTimes: metrics.database.watchTimes,
    metrics: metrics.use(createAlertMetrics),
    logger,
  }
}

export const webhooksDeps = (
  config: Config,
  secrets: Secrets,
  { db, events, providers, metrics }: Resources,
  logger: Logger,
  { resolveName }: Overrides,
): WebhooksDeps => {
  const signer = createImageSigner(...secrets.imageUrlSecrets)
  return {
    db,
    subscribe: events.subscribe,
    ...config.webhooks,
    resolve: resolveName,
    answerContext: {
      urls: createUrlsAt(signer, publicUrlOf(config)),
      listPriceUsd: findListPriceUsd.bind(undefined, providers.models),
      interactiveDeadlineMs: config.interactiveDeadlineMs,
    },
    leaseMs: config.worker.leaseMs,
    intervalMs: config.worker.sweepIntervalMs,
    metrics: metrics.use(createWebhookMetrics),
    logger,
  }
}

export const keysDeps = ({ db, events }: Resources, logger: Logger): KeysDeps => ({
  db,
  subscribe: events.subscribe,
  onError: createRareLog((fields) => logger.warn(fields, 'when keys were used is not written')),
})

export const deadlinesDeps = (
  { limits, worker }: Config,
  { db, metrics }: Resources,
  logger: Logger,
): DeadlinesDeps => ({
  db,
  giveUpMs: limits.giveUpMs,
  intervalMs: worker.sweepIntervalMs,
  onEnded: (count) => {
    metrics.runs.onOverdue(count)
    logger.warn({ count }, 'generations were not made in time')
  },
  onError: createRareLog((fields) => logger.error(fields, 'deadlines could not be looked after')),
})

export const erasuresDeps = (
  { worker }: Config,
  { db, events, queue, store }: Pick<Resources, 'db' | 'events' | 'queue' | 'store'>,
  logger: Logger,
): ErasuresDeps => ({
  db,
  store,
  subscribe: events.subscribe,
  cancelGenerations: (ids) =>
    cancelGenerations(
      { db, removeJob: queue.remove, enqueue: queue.enqueue, enqueueAll: queue.enqueueAll },
      ids,
    ),
  removeDeferred: queue.removeDeferred,
  countAll: createFold(db),
  isUncounted: isToCount,
  intervalMs: worker.sweepIntervalMs,
  logger,
})

export const retentionDeps = (
  { retention }: Config,
  { db, store }: Pick<Resources, 'db' | 'store'>,
  logger: Logger,
): RetentionDeps => ({
  db,
  keptDays: retention,
  isUncounted: isToCount,
  deleteImage: (ownerId, id) =>
    deleteImage(
      {
        db,
        store,
        onOrphan: (objectKey, err) =>
          logger.warn({ objectKey, err }, 'a deleted image left its object in the store'),
      },
      ownerId,
      id,
    ).catch((error: unknown) => {
      // Its owner was quicker.
      if (!(error instanceof AppError && error.code === 'not_found')) throw error
    }),
})

export const spendingDeps = (
  { budgets }: Config,
  { db, metrics }: Resources,
  logger: Logger,
): SpendingDeps => ({
  db,
  logger,
  settings: budgets,
  metrics: metrics.use(createSpendingMetrics),
})

export const openSimilarity = (
  { similarity, embeddings, gemini, prices, budgets }: Config,
  { db, metrics }: Resources,
  logger: Logger,
) =>
  createSimilarity({
    db,
    embeddings,
    gemini,
    prices,
    defaultMode: similarity.mode,
    minSimilarity: similarity.minScore,
    precisionFloor: similarity.precisionFloor,
    judge: similarity.judge,
    budgets,
    metrics: metrics.use(createSimilarityMetrics),
    logger,
  })

/** What would come of a request is seen by what submitting goes by. */
export const explainDeps = (
  { worker: { tiers } }: Config,
  { db, providers }: Resources,
  { statements, limits, seal }: SubmitDeps,
  uploads: UploadDeps,
  { findNewRefusal }: Pick<Rates, 'findNewRefusal'>,
  { foresee: foreseeSimilar }: ReturnType<typeof openSimilarity>,
): ExplainDeps => ({
  db,
  statements,
  limits,
  providers,
  tiers,
  seal,
  resolveConditionImage: (ownerId, image, pointer) =>
    foreseeConditionImage(uploads, ownerId, image, pointer),
  findNewRefusal,
  readCalls: createRecentCalls({ db, countCapacity: () => countCapacity(db) }),
  foreseeSimilar,
})

const countCapacity = async (db: Resources['db']): Promise<number> => {
  const workers = await findWorkers(db)
  return workers.reduce((sum, each) => sum + (each.isAlive ? each.concurrency : 0), 0)
}

export const openTelemetry = (
  { isProduction }: Config,
  { db, metrics, push }: Resources,
  logger: Logger,
) => {
  const telemetry = createTelemetry({
    db,
    logger,
    isProduction,
    onReuse: metrics.submissions.onReuse,
  })
  push(telemetry.close)
  return telemetry
}

/** Whoever waits for an answer with a picture in it holds a connection, and next to no memory. */
const ANSWER_WAITS = { maxWaitMs: 60_000, maxWaitingEach: 1_000, maxWaiting: 10_000 }
/** An answer is held as bytes and as base64 at once. */
const ANSWER_SHARE = 2

export const gatewayDeps = (
  { http, bounds, budgets, gemini, prices }: Config,
  { db, store, providers }: Resources,
  submitting: Pick<
    GatewayDeps,
    | 'submit'
    | 'assertMayAsk'
    | 'payerOf'
    | 'upstreamKeys'
    | 'describeCaller'
    | 'recordReuse'
    | 'recordAccess'
    | 'onImageMissing'
    | 'placeholder'
  >,
  logger: Logger,
): Omit<GatewayDeps, 'fal'> => ({
  ...submitting,
  db,
  budgets,
  store,
  models: providers.models,
  defaultModel: providers.defaultModel,
  findThumbnail: createThumbnails(store),
  findPlace: (call) => findPlace(db, call),
  listPriceUsd: findListPriceUsd.bind(undefined, providers.models),
  maxCallSeconds: http.maxCallSeconds,
  ownerCalls: bounds.ownerCalls,
  answers: createByteBudget({ ...ANSWER_WAITS, totalBytes: ANSWER_SHARE * bounds.bodyBytes }),
  gemini: {
    models: providers.models.map(({ name }) => name),
    hasGemini: providers.find('gemini') !== undefined,
    upstream: gemini && createGeminiUpstream({ ...gemini, prices }),
  },
  logger,
})

/** `findImageId`: the id in one of our image URLs, where such URLs can come in. */
export const itemDeps = (
  { db, queue, providers }: Resources,
  submit: SubmitDeps,
  { recordReuse }: ReturnType<typeof openTelemetry>,
  findImageId: ItemDeps['findImageId'],
): ItemDeps => ({
  db,
  submit,
  enqueue: queue.enqueue,
  removeJob: queue.remove,
  findImageId,
  onReuse: (row, kind) =>
    recordReuse(row, describeReuse(row, kind, findListPriceUsd.bind(undefined, providers.models))),
})
