import { isAdjective } from './adjectives.ts'
import type { Clause, Group } from './clause-builder.ts'
import { keyOf, nameOf, type Phrase } from './phrase.ts'
import { INVERSES, SYMMETRIC } from './words/relations.ts'
import { PLACES } from './words/things.ts'

/** One group in relation to the next; written so that both ways to say it are the same text. */
export type Link = { from: string; relation: string; to: string }

/** The links of a clause. `describe` says what stands for a phrase: all of it, or its name alone. */
export const linksOf = (clause: Clause, describe: (phrase: Phrase) => string = keyOf): Link[] =>
  clause.relations.map((relation, index) => {
    const from = groupKey(clause, clause.hosts[index] ?? index, describe)
    const to = groupKey(clause, index + 1, describe)
    return directed(from, relation, to)
  })

/** The groups of a clause, as texts. */
export const groupKeys = (clause: Clause): string[] =>
  clause.groups.map((_, index) => groupKey(clause, index, keyOf))

export const linkKey = ({ from, relation, to }: Link): string => `${from} [${relation}] ${to}`

const directed = (from: string, relation: string, to: string): Link => {
  if (relation.startsWith('<')) return { from: to, relation: relation.slice(1), to: from }
  const inverse = INVERSES.get(relation)
  if (inverse !== undefined) return { from: to, relation: inverse, to: from }
  if (SYMMETRIC.has(relation) && to < from) return { from: to, relation, to: from }
  return { from, relation, to }
}

/**
 * Order does not matter in "a dog and a cat". It does where a word may reach the next one ("red apples and pears"),
 * and the last one is marked where something follows that may be said of it alone ("a man and a woman with a hat").
 */
const groupKey = (
  { groups, relations }: Clause,
  index: number,
  describe: (phrase: Phrase) => string,
): string => {
  const group = groups[index] ?? []
  const keys = group.map(describe)
  if (group.length < 2) return keys.join('')
  if (reachesOver(group, relations[index - 1])) return keys.join(' then ')
  const relation = relations[index]
  if (relation === undefined || isForAll(relation, groups[index + 1] ?? [])) {
    return keys.sort().join(' and ')
  }
  return `${keys.slice(0, -1).sort().join(' and ')} and last ${keys.at(-1)}`
}

const reachesOver = (group: Group, relationBefore: string | undefined): boolean => {
  if (group.every(({ isNegated }) => isNegated)) return false
  // "a cat on a table and a dog": is it on the dog, too?
  const isBare = group.every(({ isDetermined }) => !isDetermined)
  if (
    relationBefore !== undefined &&
    relationBefore !== 'between' &&
    !(isBare && relationBefore === 'with')
  ) {
    return true
  }
  return group.some(
    ({ isDetermined, words, count }, index) =>
      (words.slice(0, -1).some(isAdjective) || (isDetermined && count !== '1')) &&
      group.slice(index + 1).some((other) => !other.isDetermined),
  )
}

const isForAll = (relation: string, target: Group): boolean =>
  ['inside', 'on', 'at'].includes(relation.replace(/^<?~\w+ /, '')) &&
  target.length === 1 &&
  target.every((phrase) => PLACES.has(nameOf(phrase)))
