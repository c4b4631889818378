import { emptyDraft, finishPhrase, isBlank, nameOf, type Phrase } from './phrase.ts'
import { ARTICLES, CONJUNCTIONS, FILLERS } from './words/function-words.ts'
import { AMOUNTS, findNumber } from './words/numbers.ts'
import { ING_NOUNS, MEASURES, PARTICIPLES, RELATIONS } from './words/relations.ts'
import { BACKDROPS, GARMENTS, PLACES, WORN } from './words/things.ts'

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

  for (const [index, word] of words.entries()) {
    if (FILLERS.has(word)) continue
    if (CONJUNCTIONS.has(word)) {
      endPhrase()
      isJoined = true
    } else if (word === 'without') {
      relate('with')
      isWithout = true
    } else if (word === 'not-wearing') {
      relate('wearing')
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
    } else if (
      word === 'of' &&
      MEASURES.has(draft.words.at(-1) ?? '') &&
      isPlainWord(words[index + 1])
    ) {
      draft.words.push(word)
    } else if (RELATIONS.has(word) || word.endsWith(' than')) {
      relate(word)
    } else if (word.endsWith('ing') && draft.words.length > 0 && !ING_NOUNS.has(word)) {
      relate(stemOf(word))
    } else {
      if (isBlank(draft)) beginPhrase()
      draft.words.push(word)
    }
  }
  endPhrase()
  return byTarget({ groups, relations })
}

const negatedCount = ({ count }: Phrase): string =>
  count === '1' || count === 'plural' ? '' : count

/** A word that begins no phrase of its own. */
const isPlainWord = (word: string | undefined): boolean =>
  word !== undefined &&
  /^[a-z]/.test(word) &&
  !isDeterminer(word) &&
  !RELATIONS.has(word) &&
  word !== 'no'

const isDeterminer = (word: string): boolean =>
  ARTICLES.has(word) || AMOUNTS.has(word) || findNumber(word) !== undefined

const isParticiple = (words: readonly string[]): boolean => {
  const last = words.at(-1) ?? ''
  return words.length > 1 && (PARTICIPLES.has(last) || /[a-z]{2}ed$/.test(last))
}

/** One form for "chasing" and "chased". */
const stemOf = (verb: string): string =>
  PARTICIPLES.get(verb) ?? verb.replace(/(ing|ed)$/, '').replace(/i$/, 'y')

/** Relations whose meaning hangs on what follows: "in a coat" is "with a coat", "by Monet" is not "beside Monet". */
const byTarget = ({ groups, relations }: Clause): Clause => ({
  groups,
  relations: relations.map((relation, index) => {
    const names = (groups[index + 1] ?? []).map(nameOf)
    const areAll = (set: ReadonlySet<string>) =>
      names.length > 0 && names.every((name) => set.has(name))
    if (relation === 'inside' && areAll(GARMENTS)) return 'with'
    if (relation === 'wearing' && areAll(WORN)) return 'with'
    if (relation === 'against' && areAll(BACKDROPS)) return 'front-of'
    if (relation === 'by' && (areAll(BACKDROPS) || areAll(PLACES))) return 'beside'
    return relation
  }),
})
