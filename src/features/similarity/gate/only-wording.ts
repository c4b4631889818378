import { BREAK } from './clauses-of-words.ts'
import { areSameFacts, without } from './facts.ts'
import { linkKey, linksOf } from './links.ts'
import { nameOf, type Phrase, singular } from './phrase.ts'
import type { Reading } from './reading.ts'
import { stemOf } from './verbs.ts'
import { COMPOSITIONS } from './words/attributes.ts'
import { COLOURS } from './words/colours.ts'
import { ARTICLES, CONJUNCTIONS, FILLERS, ORDER_WORDS } from './words/function-words.ts'
import { AMOUNTS, findNumber } from './words/numbers.ts'

/**
 * Whether what two prompts differ in is nothing but how it is said, as far as the rules can tell. It asks more than each class does by
 * itself: that says why a pair does not pass, and this says that somebody else may have a word on it. Counts, amounts, what is denied,
 * names, texts in quotes and relations are settled here, whatever anybody answers.
 */
export const isOnlyWording = (a: Reading, b: Reading): boolean =>
  a.isUnderstood &&
  b.isUnderstood &&
  SETTLED.every((factsOf) => areSameFacts(factsOf(a), factsOf(b))) &&
  doLinksAgree(a, b) &&
  !isOtherView(a, b) &&
  !isRearranged(a, b) &&
  !isOtherNumber(a, b)

/** Both say from where it is seen, and not the same. */
const isOtherView = (a: Reading, b: Reading): boolean => {
  const [ofA, ofB] = [a, b].map(({ words }) => words.filter((word) => COMPOSITIONS.has(word)))
  return (
    ofA !== undefined &&
    ofB !== undefined &&
    without(ofA, ofB).length > 0 &&
    without(ofB, ofA).length > 0
  )
}

/** The same words in another arrangement: who does what to whom is all that they can differ in. */
const isRearranged = (a: Reading, b: Reading): boolean => areSameFacts(stemsOf(a), stemsOf(b))

const stemsOf = ({ words }: Reading): string[] =>
  words
    .filter((word) => /[a-z]/.test(word) && !SMALL.has(word))
    .map((word) => stemOf(word.replace(/'s$/, '')))

/** One thing in the one and several of it in the other, wherever they stand. */
const isOtherNumber = (a: Reading, b: Reading): boolean => {
  const others = new Set(without(b.words, a.words).map(withoutPlural))
  return without(a.words, b.words).some((word) => others.has(withoutPlural(word)))
}

const withoutPlural = (word: string): string => singular(word).name

const SMALL: ReadonlySet<string> = new Set([...ARTICLES, ...FILLERS, ...CONJUNCTIONS, 'of'])

/** Numbers and amounts of whatever things, as a thing may have another name in the other prompt. */
const countsOf = ({ words, clauses }: Reading): string[] => [
  ...words.filter((word) => AMOUNTS.has(word) || /\d/.test(word) || isCount(word)),
  ...phrasesOf(clauses).flatMap(({ count }) => (count === '1' ? [] : [countKey(count)])),
]

const isCount = (word: string): boolean => {
  const number = findNumber(word)
  return (number !== undefined && number !== 1) || ORDINALS.has(word)
}

const ORDINALS: ReadonlySet<string> = new Set(
  'first second third fourth fifth sixth seventh eighth ninth tenth double triple'.split(' '),
)

const countKey = (count: string): string => String(findNumber(count) ?? count)

/** What is said not to be there, with all words that deny: "without", "no", "unlit", "cloudless", "sugar-free". */
const denialsOf = ({ words, clauses }: Reading): string[] => [
  ...phrasesOf(clauses).flatMap(({ isNegated, words: said }) =>
    isNegated ? [said.join(' ')] : [],
  ),
  ...words.filter((word) => ORDER_WORDS.has(word) || DENYING.test(word)),
]

const DENYING = /^(?:un|non|dis)[a-z]{4,}|less$|^(?:free|without|no|not|lacking|missing|removed)$/

const quotesOf = ({ quotes }: Reading): readonly string[] => quotes

const namesOf = ({ names }: Reading): readonly string[] => names

/** Where things are in the picture, in the order in which they are named. */
const placesOf = ({ words }: Reading): string[] => {
  const places = words.filter((word) => word.startsWith('@'))
  return places.length > 1 ? [words.filter((word) => !ARTICLES.has(word)).join(' ')] : places
}

/** Emoji, and other signs that are no words. */
const signsOf = ({ words }: Reading): string[] =>
  words.filter((word) => word !== BREAK && !/[\p{L}\p{N}]/u.test(word))

/** Of whatever has them, the background and the light too. */
const coloursOf = ({ words }: Reading): string[] =>
  words.filter((word) => COLOURS.has(word.split('+')[0] ?? ''))

const SETTLED = [countsOf, coloursOf, denialsOf, quotesOf, namesOf, placesOf, signsOf]

/** Where both prompts have the same two things in relation to each other, it must be the same relation, in the same direction. */
const doLinksAgree = (a: Reading, b: Reading): boolean => {
  const [ofA, ofB] = [linksByPair(a), linksByPair(b)]
  return [...ofA].every(([pair, links]) => {
    const others = ofB.get(pair)
    return others === undefined || areSameFacts(links, others)
  })
}

const linksByPair = ({ clauses }: Reading): Map<string, string[]> => {
  const pairs = new Map<string, string[]>()
  for (const link of clauses.flatMap((clause) => linksOf(clause, nameOf))) {
    const pair = JSON.stringify([link.from, link.to].sort())
    pairs.set(pair, [...(pairs.get(pair) ?? []), linkKey(link)])
  }
  return pairs
}

const phrasesOf = (clauses: Reading['clauses']): Phrase[] =>
  clauses.flatMap(({ groups }) => groups.flat())
