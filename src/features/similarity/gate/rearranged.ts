import { BREAK, splitAtBreaks } from './clauses-of-words.ts'
import { areSameFacts } from './facts.ts'
import { linkKey, linksOf } from './links.ts'
import { keyOf, nameOf, type Phrase } from './phrase.ts'
import type { Reading } from './reading.ts'
import { denialsOf } from './settled.ts'
import { isPlainWord, plainForm } from './small-words.ts'
import { endsWithParticiple, isDoing } from './verbs.ts'
import { RELATIONS } from './words/relations.ts'

/**
 * Whether the prompts are the same words in another arrangement, so that who is what and does what to whom is all that they can differ
 * in. Not so where whole clauses have moved, or where the same things are in the same relations.
 */
export const isRearranged = (a: Reading, b: Reading): boolean => {
  const [wordsA, wordsB] = [a, b].map(({ words }) => plainOf(words))
  if (!wordsA || !wordsB || !areSameFacts(wordsA, wordsB)) return false
  if (isSettledByOrder(a) || isSettledByOrder(b)) return true
  return !haveClausesMoved(a.words, b.words) && !areInSameRelations(a, b)
}

/** Where words point to their neighbours, or deny some of them, what has moved says something else. */
const isSettledByOrder = (reading: Reading): boolean =>
  reading.form.startsWith('in order') || denialsOf(reading).length > 0

const plainOf = (words: readonly string[]): string[] =>
  words.filter((word) => isPlainWord(word) && word !== BREAK).map(plainForm)

/**
 * What is between two breaks in the one is together in the other, wherever; and so is what is left without it. At most one piece may
 * hang on its neighbours: two are bound to theirs ("in the kitchen, a cat, in the garden, a dog").
 */
const haveClausesMoved = (a: readonly string[], b: readonly string[]): boolean => {
  const [ofA, ofB] = [splitAtBreaks(a), splitAtBreaks(b)]
  if ([ofA, ofB].some((pieces) => pieces.filter(isDependent).length > 1)) return false
  const [piecesA, piecesB] = [ofA.map(plainOf), ofB.map(plainOf)]
  const isAlone = (piece: readonly string[]) =>
    [piecesA, piecesB].every((pieces) => pieces.some((other) => other.join() === piece.join()))
  if (piecesA.every(isAlone) && ofA.length > 2 && ofA.some(isDependent)) return false
  const [restA, restB] = [piecesA.flat(), piecesB.flat()]
  for (const piece of [...piecesA, ...piecesB]) {
    const [fromA, fromB] = [findTogether(restA, piece), findTogether(restB, piece)]
    const isMovable = piece.length > 1 || isAlone(piece)
    if (!isMovable || piece.length === restA.length || fromA < 0 || fromB < 0) continue
    restA.splice(fromA, piece.length)
    restB.splice(fromB, piece.length)
  }
  return restA.join(' ') === restB.join(' ')
}

const isDependent = ([first = '']: readonly string[]): boolean =>
  RELATIONS.has(first) || first.startsWith('@') || isDoing(first) || endsWithParticiple(['', first])

const findTogether = (words: readonly string[], piece: readonly string[]): number =>
  words.findIndex((_, index) => piece.every((word, at) => words[index + at] === word))

const areInSameRelations = (a: Reading, b: Reading): boolean => {
  const [ofA, ofB] = [linksIn(a), linksIn(b)]
  return ofA.length > 0 && areSameFacts(ofA, ofB)
}

/** By their names; with all that is said of them where several have one name. */
const linksIn = ({ clauses }: Reading): string[] => {
  const names = clauses.flatMap(({ groups }) => groups.flat().map(nameOf))
  const isOnce = new Set(names).size === names.length
  const describe = (phrase: Phrase) => (isOnce ? plainForm(nameOf(phrase)) : keyOf(phrase))
  return clauses.flatMap((clause) => linksOf(clause, describe).map(linkKey))
}
