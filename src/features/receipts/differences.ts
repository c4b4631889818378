import type { GenerationRow } from '../../../db/schema.ts'

type Compared = Pick<
  GenerationRow,
  | 'prompt'
  | 'transformation'
  | 'provider'
  | 'model'
  | 'aspectRatio'
  | 'imageSize'
  | 'variant'
  | 'conditionImageDigest'
  | 'details'
>

/** The fields of their requests in which two generations differ, as the contract names them. Equal ones differ in nothing. */
export const listDifferences = (one: Compared, other: Compared): string[] => {
  const [left, right] = [describe(one), describe(other)]
  return Object.keys(left).filter((name) => left[name] !== right[name])
}

const describe = (row: Compared): Record<string, string | undefined> => {
  const { conditionImages, negativePrompt, seed, thinkingLevel, safetySettings, turns, number } =
    row.details ?? {}
  return {
    prompt: row.prompt,
    transformation: row.transformation,
    model: row.model,
    provider: row.provider,
    aspectRatio: row.aspectRatio ?? undefined,
    imageSize: row.imageSize,
    variant: row.variant ?? undefined,
    number: number?.toString(),
    conditionImage: row.conditionImageDigest ?? undefined,
    conditionImages: conditionImages && JSON.stringify(conditionImages.map(({ digest }) => digest)),
    negativePrompt,
    seed: seed?.toString(),
    thinkingLevel,
    safetySettings: safetySettings && JSON.stringify(safetySettings),
    turns: turns && JSON.stringify(turns),
    providerRequest: row.details?.providerRequest && JSON.stringify(row.details.providerRequest),
  }
}
