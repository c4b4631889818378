import { createImageSigner, createUrlsAt } from '../../adapters/http/image-urls.ts'
import type { Config } from '../../app/config.ts'
import type { Overrides, Shared } from '../../app/resources.ts'
import type { Secrets } from '../../app/secrets.ts'
import { VERSION } from '../../app/version.ts'
import { findListPriceUsd } from '../../contract/list-price.ts'
import { ALERTS_DUE, WEBHOOKS_DUE } from '../../generation/state/channel.ts'
import { createRareLog, type Logger } from '../../lib/logger.ts'
import { type DeliverDeps, deliver } from './deliver.ts'
import { createDeliverer } from './deliverer.ts'
import { resolveLocally, resolveName } from './sender/vetted-addresses.ts'
import { createWebhookSender } from './sender/webhook-sender.ts'

/** What is lost is told late, but nobody waits for it as for an image. */
const MAX_INTERVAL_MS = 1_000

/** Where workers deliver besides, this is for when there are none. */
const ALERTS_INTERVAL_MS = 10_000

/** Delivers to webhook endpoints what has ended, and what fires; or that alone. Release with `stop`. */
export const createWebhooks = (
  config: Config,
  secrets: Secrets,
  { db, events, provider, metrics }: Shared,
  { logger, ...overrides }: { logger: Logger } & Pick<Overrides, 'resolveName'>,
  { isForAlerts = false } = {},
) => {
  const { retryWaitsMs, timeoutMs, isPrivateAllowed } = config.webhooks
  const { publicUrl, host, port } = config.http
  const deps: DeliverDeps = {
    db,
    retryWaitsMs,
    send: createWebhookSender({
      timeoutMs,
      isPrivateAllowed,
      resolve: overrides.resolveName ?? (isPrivateAllowed ? resolveLocally : resolveName),
    }),
    answerContext: {
      urls: createUrlsAt(
        createImageSigner(secrets.imageUrlSecret),
        publicUrl ?? `http://${host}:${port}`,
      ),
      listPriceUsd: (model, imageSize) => findListPriceUsd(provider.models, model, imageSize),
      interactiveDeadlineMs: config.interactiveDeadlineMs,
    },
    userAgent: `imageonce/${VERSION}`,
    onAttempt: ({ id, endpointId, type }, attempt) => {
      const { statusCode, error, durationMs } = attempt
      metrics.webhooks.onAttempt(attempt)
      logger.info({ deliveryId: id, endpointId, type, statusCode, error, durationMs }, 'webhook')
    },
  }
  return createDeliverer({
    db,
    deliver: (delivery, letGo) => deliver(deps, delivery, letGo),
    isForAlerts,
    onWake: (listener) => events.subscribe(isForAlerts ? ALERTS_DUE : WEBHOOKS_DUE, listener),
    intervalMs: isForAlerts
      ? ALERTS_INTERVAL_MS
      : Math.min(config.worker.sweepIntervalMs, MAX_INTERVAL_MS),
    leaseMs: timeoutMs + config.worker.leaseMs,
    onError: createRareLog((fields) => logger.warn(fields, 'webhooks are in trouble')),
  })
}
