import type { Clause } from './clause-builder.ts'
import type { Phrase } from './phrase.ts'
import {
  COMPOSITIONS,
  DRAWN_MANNERS,
  LOOKS,
  MANNERS,
  MEDIA,
  STYLE_HEADS,
} from './words/attributes.ts'
import { COLOURS } from './words/colours.ts'
import { ARTICLES, CONJUNCTIONS, FILLERS, ORDER_WORDS } from './words/function-words.ts'
import { AMOUNTS, findNumber } from './words/numbers.ts'
import { RELATIONS } from './words/relations.ts'
import { SCALE_WORDS } from './words/scales.ts'
import { SYNONYMS } from './words/synonyms.ts'
import { FOREIGN, PLACES, TIMES, WORN } from './words/things.ts'

/** Whether the words are not English, as far as the rules can tell: then they know neither order nor synonyms. */
export const isForeign = (words: readonly string[], names: readonly string[]): boolean =>
  words.some((word) => (FOREIGN.has(word) && !names.includes(word)) || isForeignLetter(word)) ||
  !words.some(isKnown)

/** Whether a word points to others by their order ("it", "the other") or denies them without saying how many. */
export const hasOrderWord = (words: readonly string[]): boolean =>
  words.some((word) => ORDER_WORDS.has(word))

/** Whether a clause says nothing by itself, so that it depends on its neighbours what it is said of. */
export const dependsOnNeighbours = (clauses: readonly Clause[]): boolean => {
  const all = clauses.flatMap(({ groups }) => groups.flat())
  if (clauses.some(({ groups }) => !groups.flat().some(namesSomething))) return true
  const things = all.filter(({ isDetermined, count }) => isDetermined || count === 'plural').length
  return clauses.length > 2 && clauses.some((clause) => isBare(clause, things > 1))
}

const namesSomething = ({ words }: Phrase): boolean => words.some((word) => word !== '')

/** "A cat, small, a dog": which of them is small? `isAnyWord`: for a word of any kind, as there are several things. */
const isBare = ({ groups, relations }: Clause, isAnyWord: boolean): boolean => {
  const [phrase, ...others] = groups.flat()
  if (phrase === undefined || others.length > 0 || relations.length > 0) return false
  const words = phrase.words
  if (words.every((word) => findNumber(word) !== undefined)) return true
  if (phrase.isDetermined) return false
  if (words.every((word) => LOOKS.has(word))) return isAnyWord
  if (words.every((word) => isPictureWord(word) || TIMES.has(word))) return false
  if (words.every((word) => COLOURS.has(word) || SCALE_WORDS.has(word))) return true
  return isAnyWord && words.length === 1 && phrase.count === '1'
}

const isPictureWord = (word: string): boolean => COMPOSITIONS.has(word) || MEDIA.has(word)

const isForeignLetter = (word: string): boolean =>
  /\p{L}/u.test(word) && !word.startsWith('"') && !/^[a-z0-9'+.,:@<-]+( [a-z]+)?$/.test(word)

const KNOWN = [
  ARTICLES,
  CONJUNCTIONS,
  FILLERS,
  AMOUNTS,
  RELATIONS,
  COLOURS,
  SCALE_WORDS,
  COMPOSITIONS,
  LOOKS,
  MANNERS,
  DRAWN_MANNERS,
  MEDIA,
  STYLE_HEADS,
  SYNONYMS,
  WORN,
  PLACES,
  TIMES,
]

const isKnown = (word: string): boolean =>
  KNOWN.some((words) => words.has(word)) || findNumber(word) !== undefined
