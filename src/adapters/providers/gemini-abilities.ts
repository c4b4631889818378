import type { ModelInfo } from '../../contract/server-info.ts'
import { aspectRatioSchema, thinkingLevelSchema } from '../../contract/vocabulary.ts'
import type { PricedModel } from './price-table.ts'

/** What a model can be asked for, besides its sizes, which are with its prices. */
export type Abilities = Omit<
  ModelInfo,
  'name' | 'provider' | 'priceUsd' | 'tierShares' | 'priceCheckedOn' | 'isPriceGuessed'
>

/** Of a model that nothing is said of: everything. What it can't do it refuses itself, and costs nothing. */
const unknownAbilities: Abilities = {
  aspectRatios: aspectRatioSchema.options,
  maxConditionImages: 14,
  thinkingLevels: thinkingLevelSchema.options,
  takesSeed: true,
  takesSafetySettings: true,
  takesTurns: true,
}

/** What a model of the price table can do. */
export const readAbilities = (model: PricedModel | undefined): Abilities => {
  if (!model?.abilities) return unknownAbilities
  const { source: _source, checkedOn: _day, ...abilities } = model.abilities
  return abilities
}
