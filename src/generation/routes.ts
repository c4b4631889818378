import type { ModelInfo } from '../contract/server-info.ts'
import type { ImageSize } from '../contract/vocabulary.ts'

/** Models that one name stands for, in the order in which they are tried. */
export type Route = { name: string; models: readonly string[] }

/** A route as a model: it can do what all of its models can, at the price of the first. Throws `Error` for a model that there is not. */
export const describeRoute = (
  { name, models: names }: Route,
  offered: readonly ModelInfo[],
): ModelInfo => {
  const models = names.map((wanted) => {
    const found = offered.find((model) => model.name === wanted)
    if (!found) throw new Error(`the route ${name} names ${wanted}, which no provider here has`)
    return found
  })
  const [first] = models
  if (!first) throw new Error(`the route ${name} names no model`)
  const days = models.flatMap(({ priceCheckedOn }) => priceCheckedOn ?? []).sort()
  const sizes = Object.keys(first.priceUsd) as ImageSize[]
  return {
    name,
    provider: 'route',
    models: names,
    priceUsd: Object.fromEntries(
      sizes
        .filter((size) => models.every(({ priceUsd }) => priceUsd[size] !== undefined))
        .map((size) => [size, first.priceUsd[size]]),
    ),
    aspectRatios: ofAll(models.map(({ aspectRatios }) => aspectRatios)),
    maxConditionImages: Math.min(...models.map((model) => model.maxConditionImages)),
    thinkingLevels: ofAll(models.map(({ thinkingLevels }) => thinkingLevels)),
    takesSeed: models.every(({ takesSeed }) => takesSeed),
    takesSafetySettings: models.every(({ takesSafetySettings }) => takesSafetySettings),
    takesTurns: models.every(({ takesTurns }) => takesTurns),
    ...(days[0] && { priceCheckedOn: days[0] }),
    ...(models.some(({ isPriceGuessed }) => isPriceGuessed) && { isPriceGuessed: true }),
  }
}

/** What is in each of the lists, in the order of the first. */
const ofAll = <Item>([first = [], ...others]: (readonly Item[])[]): Item[] =>
  first.filter((item) => others.every((list) => list.includes(item)))
