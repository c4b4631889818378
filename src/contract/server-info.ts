import type { AspectRatio, ImageSize, ProviderName } from './vocabulary.ts'

/** A model that this server may be asked for. */
export type ModelInfo = {
  name: string
  /** Price of one image by size, in US dollars; a size that is absent is not offered. */
  priceUsd: Partial<Record<ImageSize, number>>
  aspectRatios: readonly AspectRatio[]
}

/** What this server would use and allow. */
export type ServerInfo = {
  name: 'imageonce'
  version: string
  provider: ProviderName
  defaultModel: string
  models: readonly ModelInfo[]
  limits: {
    maxPromptCharacters: number
    maxImageBytes: number
    maxImagePixels: number
    maxWaitSeconds: number
    imageMimeTypes: readonly string[]
  }
}

/** The price of one image, in US dollars; 0 for what is not in the list. */
export const findListPriceUsd = (
  models: readonly ModelInfo[],
  model: string,
  imageSize: ImageSize,
): number => models.find(({ name }) => name === model)?.priceUsd[imageSize] ?? 0
