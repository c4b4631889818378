import { isDatabaseAway } from '../../db/away.ts'
import type { GenerationRow } from '../../db/schema.ts'
import { createAnswers } from '../adapters/http/answer-generation.ts'
import type { HttpContext } from '../adapters/http/http-context.ts'
import { createImageSigner, createUrlsFor } from '../adapters/http/image-urls.ts'
import { createGetOwn } from '../adapters/http/own-generation.ts'
import { MAX_PAGE_SIZE } from '../contract/limits.ts'
import { findListPriceUsd } from '../contract/list-price.ts'
import { findSuggested } from '../generation/read/suggestions.ts'
import { countPositions, type GenerationWithImage } from '../generation/state/repository.ts'
import { createBatcher } from '../lib/batch.ts'
import type { Logger } from '../lib/logger.ts'
import { createPlaces } from '../lib/places.ts'
import type { Config } from './config.ts'
import { boundOpen } from './open-bound.ts'
import type { Resources } from './resources.ts'
import type { Secrets } from './secrets.ts'

/** What a page of generations needs is asked in one statement, and so is what many callers of one moment do. */
const ofAPage = { maxSize: MAX_PAGE_SIZE, maxRunning: 2, isShared: isDatabaseAway }

/** What every route works with. */
export const createHttpContext = (
  { http, bounds, interactiveDeadlineMs }: Config,
  { imageUrlSecrets }: Secrets,
  { db, watcher, queue, providers }: Resources,
  logger: Logger,
  shutdown: AbortSignal,
): HttpContext => {
  const urlsFor = createUrlsFor(createImageSigner(...imageUrlSecrets), http.publicUrl)
  const getOwn = createGetOwn({ db, findDeferred: queue.findDeferred })
  return {
    db,
    watcher,
    logger,
    shutdown,
    maxWaitSeconds: http.maxWaitSeconds,
    places: createPlaces({ each: bounds.ownerOpen, all: boundOpen(bounds.open, logger) }),
    urlsFor,
    getOwn,
    getOwnGeneration: (req, res) => getOwn(String(req.params.id), res),
    ...createAnswers({
      urlsFor,
      interactiveDeadlineMs,
      listPriceUsd: findListPriceUsd.bind(undefined, providers.models),
      countPosition: createBatcher((rows: GenerationRow[]) => countPositions(db, rows), ofAPage),
      findSuggested: createBatcher(
        (rows: GenerationWithImage[]) => findSuggested(db, rows),
        ofAPage,
      ),
    }),
  }
}
