import { areExchanged } from './exchanged.ts'
import { without } from './facts.ts'
import { singular } from './phrase.ts'
import type { Reading } from './reading.ts'
import { isRearranged } from './rearranged.ts'
import { doDenialsAgree, doNamesAgree, doNumbersAgree, doQuotesAgree } from './settled.ts'
import { areTurned } from './turned.ts'
import { COLOURS } from './words/colours.ts'
import { METALANGUAGE } from './words/function-words.ts'
import { areOpposites } from './words/scales.ts'

/**
 * Whether what two prompts differ in is nothing but how it is said, as far as the rules can tell. `AGREEMENTS` of the gate say why a
 * pair does not pass; this says that somebody else may have a word on it. What is settled here is settled, whatever anybody answers.
 */
export const isOnlyWording = (a: Reading, b: Reading): boolean => findClosers(a, b).length === 0

/** What settles it that the prompts are for two pictures, or that nobody else is to be asked. */
export const findClosers = (a: Reading, b: Reading): Closer[] =>
  CLOSERS.filter(([, isClosed]) => isClosed(a, b)).map(([name]) => name)

type Closer =
  | 'language'
  | 'instructions'
  | 'numbers'
  | 'denials'
  | 'names'
  | 'quotes'
  | 'signs'
  | 'colours'
  | 'opposites'
  | 'turned'
  | 'exchanged'
  | 'rearranged'

/** Whoever is asked is not to be spoken to: a text about texts, answers and sameness is not asked about. */
const isAboutTexts = ({ words }: Reading): boolean => words.some((word) => METALANGUAGE.has(word))

/** A colour that the other lacks. */
const doColoursDiffer = (a: Reading, b: Reading): boolean => {
  const [ofA, ofB] = [coloursOf(a), coloursOf(b)]
  return without(ofA, ofB).length > 0 || without(ofB, ofA).length > 0
}

const coloursOf = ({ words }: Reading): string[] =>
  words
    .flatMap((word) => word.split('+'))
    .filter((word) => COLOURS.has(word) && word !== 'colorful')

/** Words for the two ends of one scale, neither of which the other prompt has. */
const areOpposed = (a: Reading, b: Reading): boolean => {
  const [ofA, ofB] = [a, b].map(({ words }) => words.map(onScale))
  if (!ofA || !ofB) return false
  const onlyB = without(ofB, ofA)
  return without(ofA, ofB).some((word) => onlyB.some((other) => areOpposites(word, other)))
}

const onScale = (word: string): string => singular(word.replace(/^@/, '')).name

/** Emoji, and other signs that are no words. */
const doSignsDiffer = (a: Reading, b: Reading): boolean =>
  signsOf(a).sort().join() !== signsOf(b).sort().join()

const signsOf = ({ words }: Reading): string[] =>
  words.filter((word) => !/[\p{L}\p{N},&/]/u.test(word))

const CLOSERS: readonly [Closer, (a: Reading, b: Reading) => boolean][] = [
  ['language', (a, b) => !a.isUnderstood || !b.isUnderstood],
  ['instructions', (a, b) => isAboutTexts(a) || isAboutTexts(b)],
  ['numbers', (a, b) => !doNumbersAgree(a, b)],
  ['denials', (a, b) => !doDenialsAgree(a, b)],
  ['names', (a, b) => !doNamesAgree(a, b)],
  ['quotes', (a, b) => !doQuotesAgree(a, b)],
  ['signs', doSignsDiffer],
  ['colours', doColoursDiffer],
  ['opposites', areOpposed],
  ['turned', areTurned],
  ['exchanged', areExchanged],
  ['rearranged', isRearranged],
]
