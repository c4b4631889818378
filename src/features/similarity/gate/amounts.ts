import { areSameFacts } from './facts.ts'
import { nameOf } from './phrase.ts'
import type { Reading } from './reading.ts'
import { findNumber } from './words/numbers.ts'

/** One, several, many, all: amounts that are no numbers, and whether there is one thing or more of them. */
export const doAmountsAgree = (a: Reading, b: Reading): boolean =>
  areSameFacts(amountsFor(a, b), amountsFor(b, a))

/** Of things that both name: another thing is no other amount. */
const amountsFor = (a: Reading, b: Reading): string[] => {
  const names = new Set(phrasesOf(b).map(nameOf))
  return phrasesOf(a)
    .filter(({ count }) => count === '1' || findNumber(count) === undefined)
    .filter((phrase) => !phrase.isNegated && names.has(nameOf(phrase)))
    .map((phrase) => `${phrase.count} ${nameOf(phrase)}`)
}

const phrasesOf = ({ clauses }: Reading) => clauses.flatMap(({ groups }) => groups.flat())
