import { areSameFacts } from './facts.ts'
import { nameOf } from './phrase.ts'
import type { Reading } from './reading.ts'
import { findNumber } from './words/numbers.ts'

/** Numbers, bound to what they count: "two dogs and one cat" is not "one dog and two cats". */
export const doCountsAgree = (a: Reading, b: Reading): boolean =>
  areSameFacts(countsOf(a), countsOf(b))

const countsOf = ({ clauses, words }: Reading): string[] => [
  ...clauses
    .flatMap(({ groups }) => groups.flat())
    .filter(({ count }) => findNumber(count) !== undefined && count !== '1')
    .map((phrase) => `${phrase.count} ${nameOf(phrase)}`),
  ...words.filter((word) => /\d/.test(word)),
]
