import { createImageSigner, createUrlsAt, findImageId } from '../adapters/http/image-urls.ts'
import { MAX_IMAGE_BYTES } from '../contract/limits.ts'
import type { FalDeps } from '../features/gateway/fal/routes.ts'
import { createFalSigner } from '../features/gateway/fal/signing.ts'
import { createFalWebhooks, FAL } from '../features/gateway/fal/webhook.ts'
import { createTakeImage } from '../features/gateway/take-image.ts'
import type { RequestWebhooksDeps } from '../features/webhooks/requests/module.ts'
import { wantWebhook } from '../features/webhooks/requests/want-webhook.ts'
import { type UploadDeps, uploadImage } from '../generation/submit/uploads.ts'
import { limitConcurrency } from '../lib/limit-concurrency.ts'
import type { Logger } from '../lib/logger.ts'
import { createFetchBytes } from '../lib/vetted/fetch-bytes.ts'
import { parsePublicUrl } from '../lib/vetted/public-url.ts'
import { toVetting } from '../lib/vetted/vetting.ts'
import type { Config } from './config.ts'
import { webhooksDeps } from './feature-deps.ts'
import { publicUrlOf } from './public-url.ts'
import type { Overrides, Resources } from './resources.ts'
import type { Secrets } from './secrets.ts'

/** Pictures that are named by their address: one takes no longer, and so many are fetched at once, by owner in turn. */
const FETCH_TIMEOUT_MS = 15_000
const FETCHED_AT_ONCE = 8
const FETCH_WAITS = { maxWaitMs: 30_000, maxWaiting: 100 }

/** What fal's API takes besides what every dialect does. */
export const falDeps = (
  config: Config,
  secrets: Secrets,
  { db, queue, providers, metrics }: Resources,
  uploads: UploadDeps,
  { resolveName }: Overrides,
): FalDeps => {
  const signer = createImageSigner(...secrets.imageUrlSecrets)
  const { isPrivateAllowed } = config.webhooks
  const fetchBytes = createFetchBytes({
    timeoutMs: FETCH_TIMEOUT_MS,
    maxBytes: MAX_IMAGE_BYTES,
    ...toVetting({ isPrivateAllowed, resolve: resolveName }),
  })
  const inTurn = limitConcurrency(FETCHED_AT_ONCE, FETCH_WAITS)
  const never = new AbortController().signal
  return {
    models: providers.models,
    defaultModel: providers.defaultModel,
    takeImage: createTakeImage({
      db,
      findImageId: (url) => findImageId(signer, url),
      fetchBytes: (ownerId, url) => inTurn(() => fetchBytes(url, never), ownerId),
      storeImage: async (ownerId, bytes) => (await uploadImage(uploads, ownerId, bytes)).id,
    }),
    cancel: { db, removeJob: queue.remove, enqueue: queue.enqueue },
    countStream: metrics.http.openStream,
    parseWebhookUrl: (url) => parsePublicUrl(url, isPrivateAllowed),
    wantWebhook: (wanted) => wantWebhook(db, wanted),
    jwks: createFalSigner(secrets.imageUrlSecrets).jwks,
  }
}

/** What tells of single requests that have ended: the dialects in which they came. */
export const requestWebhooksDeps = (
  config: Config,
  secrets: Secrets,
  resources: Resources,
  logger: Logger,
  overrides: Overrides,
): RequestWebhooksDeps => {
  const urls = createUrlsAt(createImageSigner(...secrets.imageUrlSecrets), publicUrlOf(config))
  const signer = createFalSigner(secrets.imageUrlSecrets)
  return {
    ...webhooksDeps(config, secrets, resources, logger, overrides),
    dialects: { [FAL]: createFalWebhooks({ db: resources.db, urls, signer }) },
    retryWaitsMs: overrides.requestRetryWaitsMs,
  }
}
