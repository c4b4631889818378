import type { Clause } from './clause-builder.ts'
import { nameOf, type Phrase } from './phrase.ts'
import { LIGHTS } from './words/attributes.ts'

/**
 * Light as something that is said of a thing: "neon-lit", "with neon lights", "lit by neon lights" and "in neon light" are one. A
 * lamp that has a number or an article stays a thing.
 */
export const readLights = (clause: Clause): Clause => {
  const groups = clause.groups.map((group) => group.map(readLit))
  const taken = clause.relations.map((relation, index) => {
    const light = lightOf(relation, groups[index + 1] ?? [])
    const host = groups[clause.hosts[index] ?? index]
    const [thing] = host ?? []
    if (light === undefined || thing === undefined || host?.length !== 1) return false
    if (clause.hosts.some((at) => at === index + 1)) return false
    groups[clause.hosts[index] ?? index] = [{ ...thing, words: [light, ...thing.words] }]
    return true
  })
  return withoutGroups({ ...clause, groups }, (index) => taken[index - 1] === true)
}

/** What a phrase says of light alone: "soft lighting". */
export const lightOfPhrase = (phrase: Phrase): string | undefined => {
  const { words, isNegated, position } = phrase
  const isLight = LIGHTS.has(nameOf(phrase)) || (nameOf(phrase) === 'lit' && words.length === 2)
  if (!isLight || words.length < 2 || isNegated || position !== '') return undefined
  return describe(words.slice(0, -1))
}

/** The clause without some of its groups; what hangs on them hangs on what they hung on. */
export const withoutGroups = (clause: Clause, isOut: (index: number) => boolean): Clause => {
  const kept = clause.groups.map((_, index) => index).filter((index) => !isOut(index))
  return {
    groups: kept.map((index) => clause.groups[index] ?? []),
    relations: kept.filter((index) => index > 0).map((index) => clause.relations[index - 1] ?? ''),
    hosts: kept
      .filter((index) => index > 0)
      .map((index) => kept.indexOf(keptHost(clause, isOut, index))),
  }
}

const keptHost = ({ hosts }: Clause, isOut: (index: number) => boolean, index: number): number => {
  let host = hosts[index - 1] ?? 0
  while (host > 0 && isOut(host)) host = hosts[host - 1] ?? 0
  return host
}

const lightOf = (relation: string, group: readonly Phrase[]): string | undefined => {
  const [phrase, ...others] = group
  if (phrase === undefined || others.length > 0) return undefined
  const isByLight = /^<~(?:light|illuminat|bathe?)/.test(relation)
  if (isByLight && !LIGHTS.has(nameOf(phrase))) {
    const count = phrase.isDetermined ? [phrase.count] : []
    return describe([...count, ...phrase.words])
  }
  const isLamp = relation === 'with' && phrase.isDetermined && nameOf(phrase) === 'light'
  return isByLight || (SHINING.has(relation) && !isLamp) ? lightOfPhrase(phrase) : undefined
}

const SHINING: ReadonlySet<string> = new Set(['with', 'under', 'inside', 'by'])

/** "softly lit", "neon-lit" */
const readLit = (phrase: Phrase): Phrase => {
  const at = phrase.words.indexOf('lit')
  if (at < 1 || at === phrase.words.length - 1) return phrase
  const light = describe(phrase.words.slice(at - 1, at))
  return { ...phrase, words: [light, ...phrase.words.toSpliced(at - 1, 2)] }
}

const describe = (words: readonly string[]): string =>
  `light:${words.map(asAdjective).sort().join('+')}`

const asAdjective = (word: string): string =>
  word
    .replace(/ically$/, 'ic')
    .replace(/(?<=...)ly$/, '')
    .replace(/(?<=...[^s])s$/, '')
