import { emptyDraft, finishPhrase, isBlank, type Phrase } from './phrase.ts'

/** Things named together ("a dog and two cats"), in their order. */
export type Group = readonly Phrase[]

/** A chain: group, relation, group, relation, group. A group is empty where nothing is named. */
export type Clause = { groups: readonly Group[]; relations: readonly string[] }

export type ClauseBuilder = ReturnType<typeof createClauseBuilder>

/** Puts a clause together while its words are read. */
export const createClauseBuilder = () => {
  const groups: Phrase[][] = [[]]
  const relations: string[] = []
  let draft = emptyDraft()
  let isJoined = true
  let isWithout = false

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
  }
  const relate = (relation: string) => {
    endPhrase()
    const isFirst = groups.length === 1
    if (groups.at(-1)?.length === 0 && !isFirst) {
      relations.push(`${relations.pop()} ${relation}`)
    } else {
      relations.push(relation)
      groups.push([])
    }
    isJoined = true
    isWithout = false
  }
  /** Before a word that begins a phrase: without a conjunction, what stands next to each other is related by that. */
  const beginPhrase = () => {
    endPhrase()
    if (!isJoined) relate('')
  }

  return {
    /** Those of the phrase that is being read, without its article and number. */
    words: (): readonly string[] => draft.words,
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
      else groups.at(-1)?.push({ ...last, position: `${last.position}${position}` })
    },
    finish: (): Clause => {
      endPhrase()
      return { groups, relations }
    },
  }
}

const negatedCount = ({ count }: Phrase): string =>
  count === '1' || count === 'plural' ? '' : count
