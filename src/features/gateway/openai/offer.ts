import type { CallerInfo, ModelInfo } from '../../../contract/server-info.ts'
import type { ImageSize } from '../../../contract/vocabulary.ts'

/** What may be asked for. */
export type Offer = { models: readonly ModelInfo[]; defaultModel: string }

/**
 * What of the server's offer is a caller's: an app that knows nothing of its bounds gets what is nearest within them, as it does within
 * the model's. One that may not have the default has the first that it may have.
 */
export const offerTo = (
  { models, defaultModel }: Offer,
  { models: allowed, sizes }: Pick<CallerInfo, 'models' | 'sizes'>,
): Offer => {
  const theirs = models
    .filter(({ name }) => allowed?.includes(name) ?? true)
    .map((model) => withSizes(model, sizes))
  const [first] = theirs
  const hasDefault = theirs.some(({ name }) => name === defaultModel)
  return { models: theirs, defaultModel: hasDefault || !first ? defaultModel : first.name }
}

const withSizes = (model: ModelInfo, sizes: readonly ImageSize[] | undefined): ModelInfo => {
  if (!sizes) return model
  const prices = Object.entries(model.priceUsd).filter(([size]) =>
    sizes.includes(size as ImageSize),
  )
  return { ...model, priceUsd: Object.fromEntries(prices) }
}
