import { emptyDraft, finishPhrase, isBlank, type Phrase } from './phrase.ts'
import { ARTICLES, CONJUNCTIONS, FILLERS } from './words/function-words.ts'
import { AMOUNTS, findNumber } from './words/numbers.ts'
import { ING_NOUNS, PARTICIPLES, RELATIONS } from './words/relations.ts'
import { CLOTHES } from './words/things.ts'

/** Things named together ("a dog and two cats"), in their order. */
export type Group = readonly Phrase[]

/** A chain: group, relation, group, relation, group. A group is empty where nothing is named. */
export type Clause = { groups: readonly Group[]; relations: readonly string[] }

/** Reads the canonical words of one clause. Every word ends up in a phrase or in a relation, or is a filler. */
export const parseClause = (words: readonly string[]): Clause => {
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

  for (const word of words) {
    if (FILLERS.has(word)) continue
    if (CONJUNCTIONS.has(word)) {
      endPhrase()
      isJoined = true
    } else if (word === 'without') {
      relate('with')
      isWithout = true
    } else if (word === 'no') {
      beginPhrase()
      draft.isNegated = true
    } else if (word.startsWith('@')) {
      endPhrase()
      const last = groups.at(-1)?.pop()
      if (last === undefined) draft.position = word
      else groups.at(-1)?.push({ ...last, position: `${last.position}${word}` })
    } else if (isDeterminer(word)) {
      if (draft.words.length > 0 || isBlank(draft)) beginPhrase()
      draft.determiners.push(word)
    } else if (word === 'by' && isParticiple(draft.words)) {
      relate(`<${stemOf(draft.words.pop() ?? '')}`)
    } else if (RELATIONS.has(word) || word.endsWith(' than')) {
      relate(word === 'by' ? 'beside' : word)
    } else if (word.endsWith('ing') && draft.words.length > 0 && !ING_NOUNS.has(word)) {
      relate(stemOf(word))
    } else {
      if (isBlank(draft)) beginPhrase()
      draft.words.push(word)
    }
  }
  endPhrase()
  return wearClothes({ groups, relations })
}

const negatedCount = ({ count }: Phrase): string =>
  count === '1' || count === 'plural' ? '' : count

const isDeterminer = (word: string): boolean =>
  ARTICLES.has(word) || AMOUNTS.has(word) || findNumber(word) !== undefined

const isParticiple = (words: readonly string[]): boolean => {
  const last = words.at(-1) ?? ''
  return words.length > 1 && (PARTICIPLES.has(last) || /[a-z]{2}ed$/.test(last))
}

/** One form for "chasing" and "chased", "running" and "run". */
const stemOf = (verb: string): string =>
  PARTICIPLES.get(verb) ??
  verb
    .replace(/(ing|ed)$/, '')
    .replace(/([^aeiou])\1$/, '$1')
    .replace(/i$/, 'y')

/** "in a coat" is "with a coat". */
const wearClothes = ({ groups, relations }: Clause): Clause => ({
  groups,
  relations: relations.map((relation, index) => {
    const things = groups[index + 1] ?? []
    const areWorn = things.length > 0 && things.every(({ words }) => CLOTHES.has(words.at(-1) ?? ''))
    return relation === 'inside' && areWorn ? 'with' : relation
  }),
})
