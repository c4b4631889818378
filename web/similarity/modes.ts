import type { GateReason, SimilarityMode } from '../../src/contract/vocabulary.ts'

/** What becomes of an image that a similar prompt has, in a sentence. */
export const modeSentences: Record<SimilarityMode, string> = {
  off: 'No similar image is looked for: each prompt gets an image of its own.',
  suggest: 'Up to three similar images are named beside the answer; a new one is made.',
  shadow:
    'As off, but it is written down what reuse would have answered, so that you can judge it.',
  reuse:
    'Where nothing tells two prompts apart, the image that exists is the answer, and nothing is paid.',
}

export const similarityModes = Object.keys(modeSentences) as SimilarityMode[]

const reasonWords: Partial<Record<GateReason, string>> = {
  negation: 'what is not there',
  entities: 'names and quoted text',
  scales: 'opposites',
}

/** Why a similar image is not the same one, or that nothing says so; `judge`: who said otherwise. */
export const describeReasons = (reasons: readonly GateReason[], judge?: string): string => {
  if (judge !== undefined) return `${judge} takes them for the same`
  return reasons.length === 0
    ? 'nothing tells them apart'
    : `differs in: ${reasons.map((reason) => reasonWords[reason] ?? reason).join(', ')}`
}

/** A cosine, in percent down to a tenth that is never rounded up to the same. */
export const formatSimilarity = (similarity: number): string =>
  `${(Math.floor(similarity * 1_000) / 10).toFixed(1)}% similar`
