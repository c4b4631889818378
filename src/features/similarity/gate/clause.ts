import { isAdjective } from './adjectives.ts'
import { byTarget } from './by-target.ts'
import { type Clause, type ClauseBuilder, createClauseBuilder } from './clause-builder.ts'
import { BREAK } from './clauses-of-words.ts'
import { singular } from './phrase.ts'
import { deedOf, endsWithParticiple, isActing, isDoing } from './verbs.ts'
import { ARTICLES, CONJUNCTIONS, FILLERS, POSSESSIVES } from './words/function-words.ts'
import { AMOUNTS, findNumber } from './words/numbers.ts'
import { COLLECTIONS, MEASURES, RELATIONS } from './words/relations.ts'

/** Reads the canonical words of one clause. Every word ends up in a phrase or in a relation, or is a filler. */
export const parseClause = (words: readonly string[]): Clause => {
  const clause = createClauseBuilder()
  for (const [index, word] of words.entries())
    readWord(clause, word, words[index + 1], words[index - 1])
  return byTarget(joinPassives(clause.finish()))
}

/** "a zebra chased across the plain by a lion": by whom is said behind where. */
const joinPassives = (clause: Clause): Clause => {
  const [subject, ...others] = clause.groups[0] ?? []
  const verb = subject?.words.find((word) => word.startsWith('<~'))
  const at = clause.relations.lastIndexOf('by')
  if (!subject || others.length > 0 || verb === undefined || at < 1) return clause
  const words = subject.words.filter((word) => word !== verb)
  return {
    groups: [[{ ...subject, words }], ...clause.groups.slice(1)],
    relations: clause.relations.with(at, verb),
    hosts: clause.hosts.with(at, 0),
  }
}

/** The first of these that a word can be is what it is. */
const readWord = (
  clause: ClauseBuilder,
  word: string,
  next: string | undefined,
  previous: string | undefined,
): void => {
  const said = clause.words()
  if (FILLERS.has(word)) readFiller(clause, word, next)
  else if (word === BREAK) clause.detach()
  else if (CONJUNCTIONS.has(word)) clause.join()
  else if (word === 'without') clause.relateWithout('with')
  else if (word === 'not-wearing') clause.relateWithout('wearing')
  else if (word === 'no') clause.negate()
  else if (word.startsWith('@')) clause.place(word)
  else if (isDeterminer(word)) clause.addDeterminer(word)
  else if (clause.isDetached() && said.length === 0 && isDone(word, next))
    clause.relate(`<~${deedOf(word)}`)
  else if (word === 'by' && clause.isDone()) return
  else if (isPassive(word, said)) clause.relate(`<~${deedOf(clause.takeWord())}`)
  else if (isPartOfMeasure(word, said, next)) clause.addWord(word)
  else if (RELATIONS.has(word) || word.endsWith(' than')) readRelation(clause, word)
  else if (isProgressive(word, previous) || isVerb(clause, word, next))
    clause.relate(`~${deedOf(word)}`)
  else clause.addWord(word)
}

/** "a car that is red": what follows is said of the car. */
const readFiller = (clause: ClauseBuilder, word: string, next: string | undefined): void => {
  const isSaid =
    (word === 'is' || word === 'are') && isPlainWord(next) && !isProgressive(next ?? '', word)
  if (isSaid && clause.words().length > 0) clause.holdName()
}

/** "a car parked on a street": the participle is said of the car. */
const readRelation = (clause: ClauseBuilder, word: string): void => {
  if (endsWithParticiple(clause.words())) clause.relate(`<~${deedOf(clause.takeWord())}`)
  clause.relate(word)
}

/** "a village, lit by torches" */
const isDone = (word: string, next: string | undefined): boolean =>
  endsWithParticiple(['', word]) && RELATIONS.has(next ?? '')

/** "is painting" */
const isProgressive = (word: string, previous: string | undefined): boolean =>
  (previous === 'is' || previous === 'are') && word.endsWith('ing')

const isVerb = (clause: ClauseBuilder, word: string, next: string | undefined): boolean => {
  const said = clause.words()
  const [thing] = said.slice(-1)
  if (isDoing(word)) {
    const isInFront = thing !== undefined && isAdjective(thing) && isPlainWord(next)
    return !isInFront && (said.length > 0 || clause.isDetached())
  }
  if (thing === undefined || said.includes('of') || clause.isNameHeld()) return false
  const isOne = clause.determiners().some((one) => ONE.has(one) || POSSESSIVES.has(one))
  if (!isActing(word, thing, isOne)) return false
  const isCounted = clause.determiners().length > 0 && !clause.determiners().includes('the')
  return isOne || isCounted || (next !== undefined && (isDeterminer(next) || RELATIONS.has(next)))
}

/** "chased by": from the end of who is chased. */
const isPassive = (word: string, said: readonly string[]): boolean =>
  word === 'by' && endsWithParticiple(said)

/** "a cup of tea" is one thing. */
const isPartOfMeasure = (
  word: string,
  said: readonly string[],
  next: string | undefined,
): boolean => word === 'of' && isMeasure(said.at(-1) ?? '') && isPlainWord(next)

const isMeasure = (word: string): boolean =>
  MEASURES.has(singular(word).name) || COLLECTIONS.has(word)

/** A word that begins no phrase of its own. */
const isPlainWord = (word: string | undefined): boolean =>
  word !== undefined &&
  /^[a-z]/.test(word) &&
  !isDeterminer(word) &&
  !RELATIONS.has(word) &&
  word !== 'no'

const isDeterminer = (word: string): boolean =>
  ARTICLES.has(word) || POSSESSIVES.has(word) || AMOUNTS.has(word) || findNumber(word) !== undefined

const ONE: ReadonlySet<string> = new Set(['a', 'an', 'one', '1'])
