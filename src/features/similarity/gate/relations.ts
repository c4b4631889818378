import { areSameFacts } from './facts.ts'
import { linkKey, linksOf } from './links.ts'
import { nameOf } from './phrase.ts'
import type { Reading } from './reading.ts'

/** Who is left of, above, larger than, or does something to whom; told by names alone. */
export const doRelationsAgree = (a: Reading, b: Reading): boolean => {
  const [ofA, ofB] = [linksByName(a), linksByName(b)]
  const isSameThings = areSameFacts(thingsOf(a), thingsOf(b))
  return !isSameThings || areSameFacts(ofA, ofB)
}

const linksByName = ({ clauses }: Reading): string[] =>
  clauses.flatMap((clause) => linksOf(clause, nameOrPosition).map(linkKey))

const nameOrPosition = (phrase: Parameters<typeof nameOf>[0]): string =>
  `${nameOf(phrase)}${phrase.position}`

const thingsOf = ({ clauses }: Reading): string[] =>
  clauses.flatMap(({ groups }) => groups.flat().map(nameOf))
