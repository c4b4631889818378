import { areSameFacts } from './facts.ts'
import type { Reading } from './reading.ts'

/** What is said not to be there, and words that deny something. */
export const doNegationsAgree = (a: Reading, b: Reading): boolean =>
  areSameFacts(negationsOf(a), negationsOf(b))

const negationsOf = ({ clauses, words }: Reading): string[] => [
  ...clauses
    .flatMap(({ groups }) => groups.flat())
    .filter(({ isNegated }) => isNegated)
    .map((phrase) => phrase.words.join(' ')),
  ...words.filter((word) => DENYING.has(word)),
]

const DENYING: ReadonlySet<string> = new Set(
  'not never nobody nothing none neither nor lacking except'.split(' '),
)
