import { isDatabaseAway } from '../../db/away.ts'
import { createAnswerGeneration } from '../adapters/http/answer-generation.ts'
import type { HttpContext } from '../adapters/http/http-context.ts'
import { createImageSigner, createUrlsFor } from '../adapters/http/image-urls.ts'
import { createGetOwnGeneration } from '../adapters/http/own-generation.ts'
import { MAX_PAGE_SIZE } from '../contract/limits.ts'
import { findListPriceUsd } from '../contract/list-price.ts'
import { findSuggested } from '../generation/read/suggestions.ts'
import type { GenerationWithImage } from '../generation/state/repository.ts'
import { createBatcher } from '../lib/batch.ts'
import type { Logger } from '../lib/logger.ts'
import { createPlaces } from '../lib/places.ts'
import type { Config } from './config.ts'
import type { Resources } from './resources.ts'
import type { Secrets } from './secrets.ts'

/** What every route works with. */
export const createHttpContext = (
  { http, bounds, interactiveDeadlineMs }: Config,
  { imageUrlSecrets }: Secrets,
  { db, events, queue, provider }: Resources,
  logger: Logger,
  shutdown: AbortSignal,
): HttpContext => {
  const urlsFor = createUrlsFor(createImageSigner(...imageUrlSecrets), http.publicUrl)
  return {
    db,
    subscribe: events.subscribe,
    logger,
    shutdown,
    maxWaitSeconds: http.maxWaitSeconds,
    places: createPlaces({ each: bounds.ownerOpen, all: bounds.open }),
    urlsFor,
    getOwnGeneration: createGetOwnGeneration({ db, findDeferred: queue.findDeferred }),
    answerGeneration: createAnswerGeneration({
      db,
      urlsFor,
      interactiveDeadlineMs,
      listPriceUsd: findListPriceUsd.bind(undefined, provider.models),
      // Of a page of generations in one statement.
      findSuggested: createBatcher((rows: GenerationWithImage[]) => findSuggested(db, rows), {
        maxSize: MAX_PAGE_SIZE,
        maxRunning: 2,
        isShared: isDatabaseAway,
      }),
    }),
  }
}
