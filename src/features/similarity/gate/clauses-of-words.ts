import { CONJUNCTIONS } from './words/function-words.ts'
import { RELATIONS } from './words/relations.ts'
import { TIMES } from './words/things.ts'

export const BREAK = ','

/**
 * The clauses between the breaks. One that begins with a relation ("a woman, in a red dress") belongs to the one
 * before; a setting that comes first ("in the kitchen, a woman bakes") to the one after it.
 */
export const splitClauses = (words: readonly string[]): string[][] => {
  const pieces = splitAtBreaks(words)
  const [first = [], second, ...rest] = pieces
  if (
    second !== undefined &&
    startsWithRelation(first) &&
    isPlain(first.slice(1)) &&
    isPlain(second)
  ) {
    return joinDependent([[...second, ...first], ...rest])
  }
  return joinDependent(pieces)
}

const splitAtBreaks = (words: readonly string[]): string[][] => {
  const pieces: string[][] = [[]]
  for (const word of words) {
    if (word === BREAK) pieces.push([])
    else pieces.at(-1)?.push(word)
  }
  return pieces.filter(({ length }) => length > 0)
}

const joinDependent = (pieces: string[][]): string[][] => {
  const clauses: string[][] = []
  for (const piece of pieces) {
    const previous = clauses.at(-1)
    if (previous !== undefined && isDependent(piece)) previous.push(...piece)
    else clauses.push([...piece])
  }
  return clauses
}

const isDependent = (piece: readonly string[]): boolean => {
  const [first = '', second = ''] = piece
  if (CONJUNCTIONS.has(first)) return true
  if (isTime(piece)) return false
  const isVerb =
    first.endsWith('ing') && (['a', 'an', 'the'].includes(second) || RELATIONS.has(second))
  return isVerb || startsWithRelation(piece)
}

const startsWithRelation = ([first = '']: readonly string[]): boolean =>
  RELATIONS.has(first) || first === 'without' || first.endsWith(' than')

/** "at night", "in the rain" */
const isTime = (piece: readonly string[]): boolean =>
  piece.length <= 3 && TIMES.has(piece.at(-1) ?? '')

const isPlain = (piece: readonly string[]): boolean =>
  !piece.some((word) => RELATIONS.has(word) || word === 'without' || CONJUNCTIONS.has(word))
