import { areSameFacts } from './facts.ts'
import type { Reading } from './reading.ts'
import { COMPOSITIONS, LOOKS, MEDIA } from './words/styles.ts'

/** Photo, painting, sketch; realistic, cinematic, black and white. */
export const doStylesAgree = (a: Reading, b: Reading): boolean =>
  areSameFacts(a.words.filter(isStyle), b.words.filter(isStyle))

/** Close-up, wide, from above. */
export const doCompositionsAgree = (a: Reading, b: Reading): boolean =>
  areSameFacts(a.words.filter(isComposition), b.words.filter(isComposition))

const isStyle = (word: string): boolean => MEDIA.has(word) || LOOKS.has(word)
const isComposition = (word: string): boolean => COMPOSITIONS.has(word)
