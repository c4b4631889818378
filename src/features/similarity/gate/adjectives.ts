import { COLOURS } from './words/colours.ts'
import { SCALE_WORDS } from './words/scales.ts'

/** Whether a word says how something is and names nothing, by what it says or by its ending. */
export const isAdjective = (word: string): boolean =>
  COLOURS.has(word.split('+')[0] ?? '') ||
  SCALE_WORDS.has(word) ||
  word === 'lit' ||
  word === 'wood' ||
  /^[~<]|..(?:ly|ffy|ful|ous|ish|ed)$/.test(word)
