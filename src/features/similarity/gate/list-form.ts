import type { Clause, Group } from './clause-builder.ts'
import { keyOf, nameOf, type Phrase } from './phrase.ts'
import { BACKDROPS, PLACES, SKIES, TIMES } from './words/things.ts'

/**
 * The clauses as a list: the first thing, and beside it all that it is with, where that says nothing but that both are there. "A room
 * with an oak floor and large windows, in a city" is "room, oak floor, large windows, city". Nothing where the first clause names
 * several things, or something is denied: then it is not clear what is said of what.
 */
export const listFormOf = (
  whole: readonly string[],
  clauses: readonly Clause[],
): string | undefined => {
  const [main, ...others] = clauses
  const [root = []] = main?.groups ?? []
  const phrases = clauses.flatMap(({ groups }) => groups.flat())
  const [subject, ...more] = root
  if (!main || !subject || more.length > 0 || phrases.some(({ isNegated }) => isNegated))
    return undefined
  const items = [
    ...childrenOf(main, 0).flatMap(({ relation, at }) => {
      const group = main.groups[at] ?? []
      return itemsOf(main, at).map((item) =>
        isBeside(relation, group) ? item : `[${relation}] ${item}`,
      )
    }),
    ...others.flatMap((clause) => itemsOf(clause, 0)),
  ]
  return `list: ${JSON.stringify([whole, keyOf(subject), items.sort()])}`
}

/**
 * All things of the picture without what puts them in relation, the first of them apart; and whether that is all that the prompt says.
 * Nothing where a relation is one that nobody adds to a list in their mind: who does something to whom, what is under or behind what.
 */
export const flatFormOf = (
  whole: readonly string[],
  clauses: readonly Clause[],
): { form: string; isList: boolean } | undefined => {
  const phrases = clauses.flatMap(({ groups }) => groups.flat())
  const [first, ...others] = phrases
  const relations = clauses.flatMap((clause) =>
    clause.relations.map((relation, index) => ({
      relation,
      group: clause.groups[index + 1] ?? [],
    })),
  )
  const isPlain = relations.every(({ relation, group }) => isNatural(relation, group))
  if (!first || !isPlain || phrases.some(({ isNegated }) => isNegated)) return undefined
  const items = others.map(itemOf).sort()
  const isList = relations.every(({ relation }) => relation === 'of')
  return { form: JSON.stringify([whole, itemOf(first), items]), isList }
}

/** A harbor in the background is a harbor background. */
const itemOf = (phrase: Phrase): string =>
  phrase.position === '@background'
    ? keyOf({ ...phrase, position: '', words: [...phrase.words, 'background'] })
    : keyOf(phrase)

const isNatural = (relation: string, group: Group): boolean =>
  NATURAL.has(relation) ||
  (relation === 'front-of' && group.every((one) => BACKDROPS.has(nameOf(one))))

const NATURAL: ReadonlySet<string> = new Set(['with', 'inside', 'on', 'at', 'of', 'wearing'])

/** Each thing of a group by itself; together where something is said of them all. */
const itemsOf = (clause: Clause, at: number): string[] => {
  const keys = (clause.groups[at] ?? []).map(keyOf)
  const said = childrenOf(clause, at).map(
    ({ relation, at: child }) => `[${relation}] ${itemsOf(clause, child).join(' and ')}`,
  )
  if (said.length === 0) return keys
  return [`${keys.join(' then ')} {${said.sort().join('; ')}}`]
}

const childrenOf = ({ relations, hosts }: Clause, host: number) =>
  relations.flatMap((relation, index) =>
    (hosts[index] ?? index) === host ? [{ relation, at: index + 1 }] : [],
  )

/** "with a hat", "in a forest" */
const isBeside = (relation: string, group: Group): boolean =>
  relation === 'with' ||
  (relation === 'inside' &&
    group.every((phrase) => [PLACES, SKIES, TIMES].some((names) => names.has(nameOf(phrase)))))
