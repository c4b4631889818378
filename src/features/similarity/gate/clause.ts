import { byTarget } from './by-target.ts'
import { type Clause, type ClauseBuilder, createClauseBuilder } from './clause-builder.ts'
import { endsWithParticiple, isDoing, stemOf } from './verbs.ts'
import { ARTICLES, CONJUNCTIONS, FILLERS } from './words/function-words.ts'
import { AMOUNTS, findNumber } from './words/numbers.ts'
import { MEASURES, RELATIONS } from './words/relations.ts'

/** Reads the canonical words of one clause. Every word ends up in a phrase or in a relation, or is a filler. */
export const parseClause = (words: readonly string[]): Clause => {
  const clause = createClauseBuilder()
  for (const [index, word] of words.entries()) {
    if (!FILLERS.has(word)) readWord(clause, word, words[index + 1])
  }
  return byTarget(clause.finish())
}

/** The first of these that a word can be is what it is. */
const readWord = (clause: ClauseBuilder, word: string, next: string | undefined): void => {
  const said = clause.words()
  if (CONJUNCTIONS.has(word)) clause.join()
  else if (word === 'without') clause.relateWithout('with')
  else if (word === 'not-wearing') clause.relateWithout('wearing')
  else if (word === 'no') clause.negate()
  else if (word.startsWith('@')) clause.place(word)
  else if (isDeterminer(word)) clause.addDeterminer(word)
  else if (isPassive(word, said)) clause.relate(`<${stemOf(clause.takeWord())}`)
  else if (isPartOfMeasure(word, said, next)) clause.addWord(word)
  else if (RELATIONS.has(word) || word.endsWith(' than')) clause.relate(word)
  else if (isDoing(word) && said.length > 0) clause.relate(stemOf(word))
  else clause.addWord(word)
}

/** "chased by": from the end of who is chased. */
const isPassive = (word: string, said: readonly string[]): boolean =>
  word === 'by' && endsWithParticiple(said)

/** "a cup of tea" is one thing. */
const isPartOfMeasure = (
  word: string,
  said: readonly string[],
  next: string | undefined,
): boolean => word === 'of' && MEASURES.has(said.at(-1) ?? '') && isPlainWord(next)

/** A word that begins no phrase of its own. */
const isPlainWord = (word: string | undefined): boolean =>
  word !== undefined &&
  /^[a-z]/.test(word) &&
  !isDeterminer(word) &&
  !RELATIONS.has(word) &&
  word !== 'no'

const isDeterminer = (word: string): boolean =>
  ARTICLES.has(word) || AMOUNTS.has(word) || findNumber(word) !== undefined
