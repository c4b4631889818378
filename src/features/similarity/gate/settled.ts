import { areSameFacts, without } from './facts.ts'
import { singular } from './phrase.ts'
import type { Reading } from './reading.ts'
import { isPlainWord } from './small-words.ts'
import { endsWithParticiple, isDoing } from './verbs.ts'
import { AMOUNTS, findNumber } from './words/numbers.ts'
import { RELATIONS } from './words/relations.ts'

/** Numbers and amounts of whatever things, and whether a thing that both name is one or several. */
export const doNumbersAgree = (a: Reading, b: Reading): boolean =>
  areSameFacts([...new Set(amountsOf(a))], [...new Set(amountsOf(b))]) && !isOtherNumber(a, b)

/** "two", "a pair of" and "2" are one; one of a thing is no amount. */
const amountsOf = ({ words }: Reading): string[] =>
  words.flatMap((word, index) => {
    const next = words[index + 1] ?? ''
    if (word.startsWith('"')) return []
    if (word === 'pair' && next === 'of') return isPairAlone(words[index + 2]) ? [] : ['2']
    if (word === 'double' || word === 'twin') return ['2']
    if (PARTLY.has(word)) return ['half']
    const number = findNumber(word)
    if (number !== undefined) return number === 1 ? [] : [String(number)]
    return AMOUNTS.has(word) || /\d/.test(word) || ORDINALS.has(word) ? [word] : []
  })

/** "a pair of glasses" */
const isPairAlone = (word = ''): boolean => singular(word).name === word

const PARTLY: ReadonlySet<string> = new Set('half partly partially'.split(' '))

const ORDINALS: ReadonlySet<string> = new Set(
  'first second third fourth fifth sixth seventh eighth ninth tenth triple twenties thirties forties fifties sixties seventies eighties nineties'.split(
    ' ',
  ),
)

/** One of a thing here and several of it there, or named more often. In front of another word ("tree house") it has no number. */
const isOtherNumber = (a: Reading, b: Reading): boolean => {
  const [ofA, ofB] = [headsOf(a), headsOf(b)]
  return isOneOf(ofA, ofB) || isOneOf(ofB, ofA) || hasMoreOf(ofA, ofB) || hasMoreOf(ofB, ofA)
}

const isOneOf = (a: readonly string[], b: readonly string[]): boolean =>
  a.some((word) => {
    const { name } = singular(word)
    return name !== word && !a.includes(name) && b.includes(name) && !b.includes(word)
  })

/** "a black cat and a white cat": two of them, and "a black and white cat" is one. */
const hasMoreOf = (a: readonly string[], b: readonly string[]): boolean =>
  a.some((word, index) => a.indexOf(word) < index && countOf(b, word) === 1 && countOf(a, word) > 1)

const countOf = (words: readonly string[], word: string): number =>
  words.filter((one) => one === word).length

const headsOf = ({ words }: Reading): string[] =>
  words.filter((word, index) => isPlainWord(word) && isEnd(words[index + 1]))

const isEnd = (next: string | undefined): boolean =>
  next === undefined ||
  !isPlainWord(next) ||
  RELATIONS.has(next) ||
  next.startsWith('@') ||
  isDoing(next) ||
  endsWithParticiple(['', next])

/** Texts in quotes, letter by letter. */
export const doQuotesAgree = (a: Reading, b: Reading): boolean => areSameFacts(a.quotes, b.quotes)

/** Every name of the one is somewhere in the other, whatever its case. */
export const doNamesAgree = (a: Reading, b: Reading): boolean =>
  knowsNames(a, b) && knowsNames(b, a)

const knowsNames = ({ names, words }: Reading, other: Reading): boolean =>
  without(names.filter((name) => words.includes(name)).map(plainName), other.words.map(plainName))
    .length === 0

const plainName = (word: string): string => singular(word.replace(/'s$/, '')).name

/**
 * What is said not to be there. Where one prompt denies something the other must, too: in whatever words ("no people", "nobody",
 * "deserted"); and where both say of what, of the same.
 */
export const doDenialsAgree = (a: Reading, b: Reading): boolean => {
  const [ofA, ofB] = [denialsOf(a), denialsOf(b)]
  if (ofA.length > 0 !== ofB.length > 0) return isVoid(a) || isVoid(b)
  const [deniedA, deniedB] = [deniedBy(a), deniedBy(b)]
  return deniedA.length === 0 || deniedB.length === 0 || areSameFacts(deniedA, deniedB)
}

/** Words that deny, by themselves or with what they begin or end with. */
export const denialsOf = ({ words }: Reading): string[] =>
  words.filter((word) => DENYING.test(word))

const DENYING =
  /^(?:un(?!i|der|t|cle)|non)[a-z]{4,}|^[a-z]{3,}less$|^(?:free|without|no|not|never|nobody|nothing|none|neither|nor|except|lacking|missing|removed|hardly|barely|not-wearing)$/

/** "An empty church" may be one with nobody in it. */
const isVoid = ({ words }: Reading): boolean => words.some((word) => VOID.has(word))

const VOID: ReadonlySet<string> = new Set('empty deserted abandoned bare plain'.split(' '))

/** "no hat and a scarf" denies the hat alone. */
const ends = (words: readonly string[]): number => {
  const at = words.findIndex((word, index) => index > 0 && !isPlainWord(word))
  return at < 0 ? words.length : at
}

const deniedBy = ({ words }: Reading): string[] => {
  const denied = words.flatMap((word, index) => {
    if (word === 'nobody') return ['person']
    const rest = words.slice(index + 1)
    const end = rest.findIndex((one) => one === ',' || RELATIONS.has(one))
    const said = end < 0 ? rest : rest.slice(0, end)
    const denied = word === 'without' ? said : word === 'no' ? said.slice(0, ends(said)) : []
    return denied.filter(isPlainWord).map((one) => singular(one).name)
  })
  return [...new Set(denied)]
}
