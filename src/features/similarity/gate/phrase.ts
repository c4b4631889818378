import { deedOf, isDoing } from './verbs.ts'
import { COLOURS, SHADES } from './words/colours.ts'
import { findNumber } from './words/numbers.ts'
import { COLLECTIONS } from './words/relations.ts'
import { ADJECTIVES, NOUNS } from './words/wordnet.ts'

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
  /** Which of the words names the thing, where it is not the last. */
  nameAt?: number
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
  const words = bare ? determiners : foldCollection(draft.words)
  if (isBlank(draft)) return undefined
  const nameAt = draft.nameAt ?? words.length - 1
  const { name: said, isPlural } = singular(words[nameAt] ?? '')
  const name = NOUNS.get(said) ?? said
  const others = words.filter((_, index) => index !== nameAt)
  return {
    count: countOf(bare ? [] : determiners, isPlural, isNegated, said),
    isNegated,
    words: [...others.map(asSaid), name],
    position,
    isDetermined: determiners.length > 0 || isNegated,
  }
}

/** "sleeping" in front of a thing is what "sleeping" behind it is. */
const asSaid = (word: string): string => {
  if (isDoing(word)) return `~${deedOf(word)}`
  if (/^[a-z]{3,}ed$/.test(word)) return `<~${deedOf(word)}`
  return ADJECTIVES.get(word) ?? NOUNS.get(word) ?? word
}

/** The order of what is said of a thing says nothing. */
export const keyOf = ({ count, isNegated, words, position }: Phrase): string => {
  const said = joinShades(words.slice(0, -1)).sort().join(' ')
  return `${isNegated ? 'no ' : ''}${count} ${said} ${words.at(-1) ?? ''}${position}`
}

/** "Light blue" is a blue; "a blue light car" has none. */
const joinShades = (words: readonly string[]): string[] =>
  words.flatMap((word, index) => {
    if (SHADES.has(word) && COLOURS.has(words[index + 1] ?? '')) return []
    const [shade = ''] = words.slice(Math.max(0, index - 1), index)
    return COLOURS.has(word) && SHADES.has(shade) ? [`${shade} ${word}`] : [word]
  })

export const nameOf = ({ words }: Phrase): string => words.at(-1) ?? ''

/** "a slice of chocolate cake" is a chocolate cake slice; where either has a colour, whose it is stays said. */
const foldCollection = (words: readonly string[]): readonly string[] => {
  const at = words.indexOf('of')
  const [collection = '', parts] = [words[at - 1], words.slice(at + 1)]
  if (at < 1 || !COLLECTIONS.has(collection) || words.some((word) => COLOURS.has(word)))
    return words
  const { name } = singular(parts.at(-1) ?? '')
  return [...parts.slice(0, -1), name, ...words.slice(0, at - 1), collection]
}

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

const ARTICLES_THAT_COUNT_NOTHING = new Set(['the', 'this', 'these', 'those', 'any', 'my', 'our'])
const ONE = new Set(['a', 'an'])
const INVARIANT = new Set(['sheep', 'fish', 'deer', 'aircraft', 'species'])

/** Words that mean another thing without their s. */
const PLURALS_ALONE = new Set(
  'glasses arms shorts clothes goods pants tights looks customs sunglasses scissors spectacles news lens'.split(
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
export const singular = (word: string): { name: string; isPlural: boolean } => {
  const irregular = IRREGULAR.get(word)
  if (irregular !== undefined) return { name: irregular, isPlural: true }
  if (PLURALS_ALONE.has(word)) return { name: word, isPlural: true }
  if (!/^[a-z]{4,}$/.test(word) || !/[^suai]s$/.test(word)) return { name: word, isPlural: false }
  if (word.endsWith('ies')) return { name: `${word.slice(0, -3)}y`, isPlural: true }
  if (/(ch|sh|x|ss|zz)es$/.test(word)) return { name: word.slice(0, -2), isPlural: true }
  return { name: word.slice(0, -1), isPlural: true }
}
