import type { ModelInfo } from '../../src/contract/server-info.ts'
import { thinkingLevelSchema } from '../../src/contract/vocabulary.ts'

/** A model that can do everything, but for what is given. */
export const aModel = (given: Partial<ModelInfo> = {}): ModelInfo => ({
  name: 'local',
  provider: 'local',
  priceUsd: { '1K': 0.03 },
  aspectRatios: [],
  maxConditionImages: 14,
  thinkingLevels: thinkingLevelSchema.options,
  takesSeed: true,
  takesSafetySettings: true,
  takesTurns: true,
  ...given,
})
