import type { ModelInfo } from '../../contract/server-info.ts'
import { aspectRatioSchema, thinkingLevelSchema } from '../../contract/vocabulary.ts'

/** What a model can be asked for, besides its sizes, which are with its prices. */
export type Abilities = Omit<ModelInfo, 'name' | 'priceUsd' | 'isPriceGuessed'>

const allRatios = aspectRatioSchema.options
const narrow = ['1:4', '4:1', '1:8', '8:1']
const usualRatios = allRatios.filter((ratio) => !narrow.includes(ratio))

/** All of Google's image models take as many images, a seed, filters' thresholds, and the turns before. */
const common = {
  maxConditionImages: 14,
  takesSeed: true,
  takesSafetySettings: true,
  takesTurns: true,
}

/** ai.google.dev/gemini-api/docs/image-generation, November 2026. */
const abilitiesByModel: Record<string, Abilities> = {
  'gemini-nano-banana-2.1': {
    ...common,
    aspectRatios: allRatios,
    thinkingLevels: ['minimal', 'medium', 'high'],
  },
  'gemini-3-pro-image': { ...common, aspectRatios: usualRatios, thinkingLevels: ['low', 'high'] },
  'gemini-3.1-flash-lite-image': {
    ...common,
    aspectRatios: allRatios,
    thinkingLevels: ['minimal', 'high'],
  },
}

/** Of a model that is not known: everything. What it can't do it refuses itself, and costs nothing. */
const unknownAbilities: Abilities = {
  ...common,
  aspectRatios: allRatios,
  thinkingLevels: thinkingLevelSchema.options,
}

/** What a model can do, by the name that its price is under. */
export const findAbilities = (name: string): Abilities =>
  Object.hasOwn(abilitiesByModel, name)
    ? (abilitiesByModel[name] ?? unknownAbilities)
    : unknownAbilities
