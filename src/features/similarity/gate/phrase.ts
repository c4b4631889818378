import { findNumber } from './words/numbers.ts'

/** A thing with all that is said of it in front: "two red bicycles". The last word names it. */
export type Phrase = {
  /** "2", "many", "plural" or, for one thing, "1". */
  count: string
  isNegated: boolean
  words: readonly string[]
  /** Where in the picture it is: "@left". */
  position: string
  /** Whether it has an article, a number or an amount of its own. */
  isDetermined: boolean
}

/** What is known of a phrase while its words are read. */
export type PhraseDraft = {
  words: string[]
  determiners: string[]
  isNegated: boolean
  position: string
}

export const emptyDraft = (): PhraseDraft => ({
  words: [],
  determiners: [],
  isNegated: false,
  position: '',
})

export const isBlank = ({ words, determiners, isNegated, position }: PhraseDraft): boolean =>
  words.length === 0 && determiners.length === 0 && !isNegated && position === ''

/** The phrase of what was read, or nothing if nothing was. */
export const finishPhrase = (draft: PhraseDraft): Phrase | undefined => {
  const { determiners, isNegated, position } = draft
  // An article or a number with nothing behind it is what is meant: "the letter A", "the year 1965".
  const bare = draft.words.length === 0
  const words = bare ? determiners : draft.words
  if (isBlank(draft)) return undefined
  const { name, isPlural } = singular(words.at(-1) ?? '')
  return {
    count: countOf(bare ? [] : determiners, isPlural, isNegated, name),
    isNegated,
    words: [...words.slice(0, -1), name],
    position,
    isDetermined: determiners.length > 0 || isNegated,
  }
}

export const keyOf = ({ count, isNegated, words, position }: Phrase): string =>
  `${isNegated ? 'no ' : ''}${count} ${words.join(' ')}${position}`

export const nameOf = ({ words }: Phrase): string => words.at(-1) ?? ''

const countOf = (
  determiners: readonly string[],
  isPlural: boolean,
  isNegated: boolean,
  name: string,
): string => {
  const said = determiners.filter((word) => !ARTICLES_THAT_COUNT_NOTHING.has(word))
  const counts = said.map((word) => (ONE.has(word) ? '1' : String(findNumber(word) ?? word)))
  if (isNegated) return counts.filter((count) => count !== '1').join(' ')
  if (counts.length > 0) return counts.join(' ')
  if (INVARIANT.has(name)) return 'any number of'
  return isPlural ? 'plural' : '1'
}

const ARTICLES_THAT_COUNT_NOTHING = new Set(['the', 'this', 'these', 'those', 'any'])
const ONE = new Set(['a', 'an'])
const INVARIANT = new Set(['sheep', 'fish', 'deer', 'aircraft', 'species'])

/** Words that mean another thing without their s. */
const PLURALS_ALONE = new Set(
  'glasses arms shorts clothes goods pants tights looks customs scissors spectacles news lens'.split(
    ' ',
  ),
)

const IRREGULAR = new Map([
  ['people', 'person'],
  ['men', 'man'],
  ['women', 'woman'],
  ['children', 'child'],
  ['feet', 'foot'],
  ['teeth', 'tooth'],
  ['mice', 'mouse'],
  ['geese', 'goose'],
  ['leaves', 'leaf'],
  ['wolves', 'wolf'],
  ['knives', 'knife'],
  ['shelves', 'shelf'],
  ['loaves', 'loaf'],
])

/** The name of one thing, and whether the word was for several. */
const singular = (word: string): { name: string; isPlural: boolean } => {
  const irregular = IRREGULAR.get(word)
  if (irregular !== undefined) return { name: irregular, isPlural: true }
  if (PLURALS_ALONE.has(word)) return { name: word, isPlural: true }
  if (!/^[a-z]{4,}$/.test(word) || !/[^suai]s$/.test(word)) return { name: word, isPlural: false }
  if (word.endsWith('ies')) return { name: `${word.slice(0, -3)}y`, isPlural: true }
  if (/(ch|sh|x|ss|zz)es$/.test(word)) return { name: word.slice(0, -2), isPlural: true }
  return { name: word.slice(0, -1), isPlural: true }
}
