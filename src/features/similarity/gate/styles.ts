import { isAttribute } from './attribute-words.ts'
import { areSameFacts } from './facts.ts'
import type { Reading } from './reading.ts'
import { COMPOSITIONS } from './words/attributes.ts'

/** Photo, painting, sketch; realistic, cinematic, black and white. */
export const doStylesAgree = (a: Reading, b: Reading): boolean =>
  areSameFacts(a.words.filter(isAttribute), b.words.filter(isAttribute))

/** Close-up, wide, from above. */
export const doCompositionsAgree = (a: Reading, b: Reading): boolean =>
  areSameFacts(a.words.filter(isComposition), b.words.filter(isComposition))

const isComposition = (word: string): boolean => COMPOSITIONS.has(word)
