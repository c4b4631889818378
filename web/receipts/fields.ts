import type { Generation } from '../../src/client.ts'

const names: Record<string, string> = {
  transformation: 'made as',
  model: 'model',
  provider: 'provider',
  aspectRatio: 'ratio',
  imageSize: 'size',
  variant: 'variant',
  number: 'number',
  conditionImage: 'made from',
  conditionImages: 'made from',
  negativePrompt: 'without',
  seed: 'seed',
  thinkingLevel: 'thinking',
  safetySettings: 'safety settings',
  turns: 'conversation',
  providerRequest: 'request as sent',
}

export type FieldDifference = { name: string; here: string; there: string }

/** The fields that differ, each with both values; of those that are too long for a line only that they do. */
export const describeFields = (
  here: Generation,
  there: Generation,
  differs: readonly string[],
): FieldDifference[] =>
  differs
    .filter((field) => field !== 'prompt')
    .map((field) => ({
      name: names[field] ?? field,
      here: readField(here, field),
      there: readField(there, field),
    }))

const readField = (generation: Generation, field: string): string => {
  if (field === 'conditionImage') return generation.conditionImage ? 'an image' : 'words alone'
  if (field === 'conditionImages') {
    const count = generation.conditionImages?.length ?? 0
    return count > 0 ? `${count} images` : 'fewer'
  }
  if (field === 'number') return String(generation.number ?? 1)
  const value = (generation as Record<string, unknown>)[field]
  if (value === undefined) return field === 'turns' || LONG.includes(field) ? 'another' : 'none'
  return String(value)
}

/** Not in answers, or not for one line. */
const LONG = ['safetySettings', 'providerRequest']
