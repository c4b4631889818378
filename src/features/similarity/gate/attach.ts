import type { Clause, Group } from './clause-builder.ts'
import { nameOf } from './phrase.ts'
import { GARMENTS, PLACES, SKIES, TIMES, WORN } from './words/things.ts'

/**
 * What each thing of a chain hangs on. "A dog on a lawn with a ball" has its ball as "a dog with a ball on a lawn": where
 * something is says nothing of the place, and what is worn does nothing. A chain in which several are named together stays
 * as it is written.
 */
export const attach = (clause: Clause, names: readonly string[]): Clause => {
  if (clause.groups.some(({ length }) => length !== 1)) return clause
  const hosts: number[] = []
  for (const [index, written] of clause.hosts.entries()) {
    hosts.push(written === index ? hostOf(clause, hosts, index, names) : written)
  }
  return { ...clause, hosts }
}

const hostOf = (
  { groups, relations }: Clause,
  hosts: readonly number[],
  index: number,
  names: readonly string[],
): number => {
  const [relation = '', target = []] = [relations[index], groups[index + 1]]
  if (isWhereabouts(relation, target, names)) return 0
  let host = index
  while (
    host > 0 &&
    isPassedOver(relations[host - 1] ?? '', groups[host] ?? [], relation, target)
  ) {
    host = hosts[host - 1] ?? 0
  }
  return host
}

const isWhereabouts = (relation: string, target: Group, names: readonly string[]): boolean => {
  const isPlace = areAll(target, PLACES) || areAll(target, TIMES) || areAll(target, new Set(names))
  const isSky = relation === 'under' && areAll(target, SKIES)
  return relation === 'at' || isSky || (WHERE.has(relation) && isPlace)
}

const isPassedOver = (by: string, group: Group, relation: string, target: Group): boolean => {
  const isWorn = by === 'with' && areAll(group, WORN)
  const isGarment = by === 'with' && areAll(group, GARMENTS)
  const isPlace = WHERE.has(by) && areAll(group, PLACES)
  // What is beside a thing is where that is.
  if (by === 'beside' && PUT.has(relation)) return true
  if (relation.startsWith('~')) return isWorn || isPlace
  if (relation === 'with') return (isGarment || isPlace) && target.every(isOne)
  return isWorn && relation !== 'of'
}

/** "with a ball" is said of a dog on a lawn, "with flowers" of the lawn. */
const isOne = ({ isDetermined, count }: Group[number]): boolean => isDetermined && count === '1'

const WHERE: ReadonlySet<string> = new Set(['inside', 'on', 'at', 'across', 'along', 'through'])

const PUT: ReadonlySet<string> = new Set(['inside', 'on', 'at'])

const areAll = (group: Group, names: ReadonlySet<string>): boolean =>
  group.every((phrase) => names.has(nameOf(phrase)))
