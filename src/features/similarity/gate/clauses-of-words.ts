import { takeStyles } from './take-styles.ts'
import { endsWithParticiple, isDoing, stemOf } from './verbs.ts'
import { ARTICLES, CONJUNCTIONS } from './words/function-words.ts'
import { RELATIONS } from './words/relations.ts'
import { TIMES } from './words/things.ts'

export const BREAK = ','

/** The clauses between the breaks, and what was said in them of how the picture is made. */
export type Split = { attributes: readonly string[]; clauses: readonly (readonly string[])[] }

/**
 * A clause that begins with a relation ("a woman, in a red dress") belongs to the one before; a setting that comes first ("in the
 * kitchen, a woman bakes") to the one after it. A break is left in front of those, as they are said of the first thing there.
 */
export const splitClauses = (words: readonly string[]): Split => {
  const styled = splitAtBreaks(words).map((piece, index) => takeStyles(piece, index === 0))
  const attributes = styled.flatMap((piece) => piece.attributes)
  const pieces = styled.map((piece) => turnRound(piece.words)).filter(({ length }) => length > 0)
  return { attributes, clauses: joinDependent(placeFronted(pieces)) }
}

/** "In the kitchen, a cat; in the garden, a dog": where a setting comes first, each belongs to what follows it. */
const placeFronted = (pieces: readonly (readonly string[])[]): (readonly string[])[] => {
  const [first = [], ...rest] = pieces
  const next = rest[0]
  if (next === undefined || !isFronted(first)) return [...pieces]
  if (isDependent(next)) return [first, ...placeFronted(rest)]
  return [[...next, BREAK, ...first], ...placeFronted(rest.slice(1))]
}

/** "In the kitchen, a woman", "surrounded by candles, a woman" */
const isFronted = (piece: readonly string[]): boolean =>
  startsWithRelation(piece) ||
  (piece[1] === 'by' && endsWithParticiple(piece.slice(0, 1).toSpliced(0, 0, '')))

/** The clauses as they are written. */
export const splitAtBreaks = (words: readonly string[]): string[][] => {
  const pieces: string[][] = [[]]
  for (const word of words) {
    if (word === BREAK) pieces.push([])
    else pieces.at(-1)?.push(word)
  }
  return pieces.filter(({ length }) => length > 0)
}

const joinDependent = (pieces: readonly (readonly string[])[]): string[][] => {
  const clauses: string[][] = []
  for (const piece of pieces) {
    const previous = clauses.at(-1)
    if (previous === undefined || !isDependent(piece)) clauses.push([...piece])
    else if (CONJUNCTIONS.has(piece[0] ?? '')) previous.push(...piece)
    else previous.push(BREAK, ...piece)
  }
  return clauses
}

const isDependent = (piece: readonly string[]): boolean => {
  const [first = '', second] = piece
  if (CONJUNCTIONS.has(first)) return true
  if (isTime(piece)) return false
  const isFollowed = second === undefined || ARTICLES.has(second) || RELATIONS.has(second)
  const isDone = endsWithParticiple(['', first]) && RELATIONS.has(second ?? '')
  return (isDoing(first) && isFollowed) || isDone || startsWithRelation(piece)
}

const startsWithRelation = ([first = '']: readonly string[]): boolean =>
  RELATIONS.has(first) || first === 'without' || first.endsWith(' than')

/** "at night", "in the rain" */
const isTime = (piece: readonly string[]): boolean =>
  piece.length <= 3 && TIMES.has(piece.at(-1) ?? '')

/** "On the table stands a vase" is a vase that stands on the table. */
const turnRound = (piece: readonly string[]): readonly string[] => {
  if (!startsWithRelation(piece)) return piece
  const at = piece.findIndex((word, index) => index > 1 && RESTING.has(stemOf(word)))
  const isInverted = at > 0 && ARTICLES.has(piece[at + 1] ?? '')
  return isInverted
    ? [...piece.slice(at + 1), ...piece.slice(at, at + 1), ...piece.slice(0, at)]
    : piece
}

const RESTING: ReadonlySet<string> = new Set(['sit', 'stand', 'ly', 'hang', 'rest', 'float'])
