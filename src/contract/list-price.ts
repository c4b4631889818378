import type { ModelInfo } from './server-info.ts'
import type { ImageSize } from './vocabulary.ts'

/* Kept apart from the schemas, so that a browser can take it without them. */

/** The price of one image, in US dollars; 0 for what is not in the list. */
export const findListPriceUsd = (
  models: readonly ModelInfo[],
  model: string,
  imageSize: ImageSize,
): number => models.find(({ name }) => name === model)?.priceUsd[imageSize] ?? 0
