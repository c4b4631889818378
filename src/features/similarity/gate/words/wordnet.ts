import { COMPOSITIONS, DRAWN_MANNERS, LOOKS, MANNERS, MEDIA, PAINTS, PENS } from './attributes.ts'
import { COLOURS } from './colours.ts'
import { AMOUNTS, findNumber } from './numbers.ts'
import { RELATIONS } from './relations.ts'
import { SCALE_WORDS } from './scales.ts'
import { GARMENTS, HOMOGRAPHS, PLACES, TIMES, WORN } from './things.ts'
import wordnet from './wordnet.json' with { type: 'json' }

/** What our own lists tell from other words is not made one of them. */
const TOLD_APART = [
  COLOURS,
  SCALE_WORDS,
  MEDIA,
  PAINTS,
  PENS,
  LOOKS,
  MANNERS,
  DRAWN_MANNERS,
  COMPOSITIONS,
  RELATIONS,
  AMOUNTS,
  TIMES,
  HOMOGRAPHS,
]

/** What our own lists know stands for others. */
const PREFERRED = [PLACES, GARMENTS, WORN]

const isIn = (lists: readonly ReadonlySet<string>[], word: string): boolean =>
  lists.some((list) => list.has(word)) || findNumber(word) !== undefined

/** From a word to the one that stands for all of its meaning, for words that have but one or are mostly used in it. */
const readGroups = (groups: readonly string[]): ReadonlyMap<string, string> =>
  new Map(
    groups.flatMap((line) => {
      const words = line.split(' ')
      const preferred = words.filter((word) => isIn(PREFERRED, word))
      if (words.some((word) => isIn(TOLD_APART, word)) || preferred.length > 1) return []
      const canonical = preferred[0] ?? words[0] ?? ''
      return words.filter((word) => word !== canonical).map((word) => [word, canonical] as const)
    }),
  )

/** WordNet's synonyms (wordnet.json, with its licence): "physician" is "doctor". */
export const NOUNS: ReadonlyMap<string, string> = readGroups(wordnet.nouns)
export const VERBS: ReadonlyMap<string, string> = readGroups(wordnet.verbs)
export const ADJECTIVES: ReadonlyMap<string, string> = readGroups(wordnet.adjectives)

/** "theatre" is "theater", whatever it means. */
export const SPELLINGS: ReadonlyMap<string, string> = readGroups(wordnet.spellings)
