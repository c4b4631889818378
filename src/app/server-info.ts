import { MAX_IMAGE_BYTES, MAX_IMAGE_PIXELS, MAX_PROMPT_CHARACTERS } from '../contract/limits.ts'
import type { ServerInfo } from '../contract/server-info.ts'
import { imageMimeTypeSchema } from '../contract/vocabulary.ts'
import type { Providers } from '../generation/ports.ts'
import type { Logger } from '../lib/logger.ts'
import { VERSION } from '../lib/version.ts'

/** What this server would use and allow. */
export const describeServer = (
  { list: [first], defaultModel, models }: Providers,
  { maxWaitSeconds }: Pick<ServerInfo['limits'], 'maxWaitSeconds'>,
): Omit<ServerInfo, 'caller'> => ({
  name: 'imageonce',
  version: VERSION,
  provider: models.find(({ name }) => name === defaultModel)?.provider ?? first.name,
  defaultModel,
  models,
  limits: {
    maxPromptCharacters: MAX_PROMPT_CHARACTERS,
    maxImageBytes: MAX_IMAGE_BYTES,
    maxImagePixels: MAX_IMAGE_PIXELS,
    maxWaitSeconds,
    imageMimeTypes: imageMimeTypeSchema.options,
  },
})

/** Says for which models the figures are a guess: what is spent on them may be less. */
export const reportGuessedPrices = (
  { models }: Pick<Providers, 'models'>,
  logger: Pick<Logger, 'warn'>,
): void => {
  for (const { name: model, priceUsd, isPriceGuessed } of models) {
    if (!isPriceGuessed) continue
    logger.warn({ model, priceUsd }, 'the price of this model is guessed, and high')
  }
}
