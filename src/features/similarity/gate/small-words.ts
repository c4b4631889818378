import { singular } from './phrase.ts'
import { stemOf } from './verbs.ts'
import { ARTICLES, CONJUNCTIONS, FILLERS, POSSESSIVES } from './words/function-words.ts'

const SMALL: ReadonlySet<string> = new Set([
  ...ARTICLES,
  ...FILLERS,
  ...CONJUNCTIONS,
  ...POSSESSIVES,
  'of',
])

/** Whether a word is no article, conjunction or the like. */
export const isPlainWord = (word: string): boolean => /[a-z]/.test(word) && !SMALL.has(word)

/** One form of a word, whatever its ending. */
export const plainForm = (word: string): string =>
  stemOf(singular(word.replace(/^<?~/, '').replace(/'s$/, '')).name)
