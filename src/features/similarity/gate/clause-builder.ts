import { emptyDraft, finishPhrase, isBlank, type Phrase } from './phrase.ts'

/** Things named together ("a dog and two cats"), in their order. */
export type Group = readonly Phrase[]

/**
 * Groups, each but the first in relation to one before it: `relations[i]` puts group `i + 1` in relation to group `hosts[i]`. A
 * group is empty where nothing is named.
 */
export type Clause = {
  groups: readonly Group[]
  relations: readonly string[]
  hosts: readonly number[]
}

export type ClauseBuilder = ReturnType<typeof createClauseBuilder>

/** Puts a clause together while its words are read. */
export const createClauseBuilder = () => {
  const groups: Phrase[][] = [[]]
  const relations: string[] = []
  const hosts: number[] = []
  let draft = emptyDraft()
  let isJoined = true
  let isWithout = false
  let isDetached = false

  const endPhrase = () => {
    const phrase = finishPhrase(draft)
    draft = emptyDraft()
    if (phrase === undefined) return
    const group = groups.at(-1)
    // "no dogs and cats" is read as no cats either; "no dogs and a cat" is not.
    const spreads = !phrase.isDetermined && group?.at(-1)?.isNegated === true
    const isNegated = phrase.isNegated || isWithout || spreads
    group?.push(isNegated ? { ...phrase, isNegated, count: negatedCount(phrase) } : phrase)
    isJoined = false
    isDetached = false
  }
  const relate = (relation: string) => {
    endPhrase()
    const host = isDetached ? 0 : groups.length - 1
    const isFirst = groups.length === 1
    if (groups.at(-1)?.length === 0 && !isFirst && !settleVerb()) {
      relations.push(`${relations.pop()} ${relation}`)
    } else {
      relations.push(relation)
      hosts.push(Math.min(host, groups.length - 1))
      groups.push([])
    }
    isJoined = true
    isWithout = false
    isDetached = false
  }
  /** What does something to nothing that is named: "sleeping" is said of the thing as if it stood in front. */
  const settleVerb = (): boolean => {
    const [verb = '', host = 0] = [relations.at(-1), hosts.at(-1)]
    const [thing, ...others] = groups[host] ?? []
    if (!/^<?~/.test(verb) || thing === undefined || others.length > 0) return false
    groups[host] = [{ ...thing, words: [verb, ...thing.words] }]
    relations.pop()
    hosts.pop()
    groups.pop()
    return true
  }
  /** Before a word that begins a phrase: without a conjunction, what stands next to each other is related by that. */
  const beginPhrase = () => {
    endPhrase()
    if (!isJoined) relate('')
  }

  return {
    /** Those of the phrase that is being read, without its article and number. */
    words: (): readonly string[] => draft.words,
    determiners: (): readonly string[] => draft.determiners,
    addWord: (word: string) => {
      if (isBlank(draft)) beginPhrase()
      draft.words.push(word)
    },
    /** Takes back the last word. */
    takeWord: (): string => draft.words.pop() ?? '',
    addDeterminer: (word: string) => {
      if (draft.words.length > 0 || isBlank(draft)) beginPhrase()
      draft.determiners.push(word)
    },
    /** The last word names the thing, and what follows is said of it. */
    holdName: () => {
      draft.nameAt ??= draft.words.length - 1
    },
    isNameHeld: (): boolean => draft.nameAt !== undefined,
    /** The next phrase is said not to be there. */
    negate: () => {
      beginPhrase()
      draft.isNegated = true
    },
    /** The next phrase is named together with the one before. */
    join: () => {
      endPhrase()
      isJoined = true
    },
    /** What follows is said of the first thing. */
    detach: () => {
      endPhrase()
      if (groups.length > 1 && groups.at(-1)?.length === 0) settleVerb()
      isDetached = (groups[0]?.length ?? 0) > 0
    },
    isDetached: (): boolean => isDetached,
    /** Whether something was done to the thing, and it is not said yet by whom. */
    isDone: (): boolean =>
      groups.at(-1)?.length === 0 && relations.at(-1)?.startsWith('<~') === true,
    relate,
    /** The relation, to what is not there. */
    relateWithout: (relation: string) => {
      relate(relation)
      isWithout = true
    },
    /** Where the last phrase is in the picture, or the first one will be. */
    place: (position: string) => {
      endPhrase()
      const last = groups.at(-1)?.pop()
      if (last === undefined) draft.position = position
      else if (last.isNegated && position.endsWith('-it')) groups.at(-1)?.push(last)
      else groups.at(-1)?.push({ ...last, position: `${last.position}${position}` })
    },
    finish: (): Clause => {
      endPhrase()
      if (groups.length > 1 && groups.at(-1)?.length === 0) settleVerb()
      return { groups, relations, hosts }
    },
  }
}

const negatedCount = ({ count }: Phrase): string =>
  count === '1' || count === 'plural' ? '' : count
