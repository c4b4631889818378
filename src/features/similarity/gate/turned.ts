import { type Link, linksOf } from './links.ts'
import { nameOf } from './phrase.ts'
import type { Reading } from './reading.ts'
import { plainForm } from './small-words.ts'

/**
 * Whether a relation is turned: the same two things are in relation in both prompts, and the other way round; or on the inside here and
 * on the outside there.
 */
export const areTurned = (a: Reading, b: Reading): boolean => {
  const ofB = linksIn(b)
  return linksIn(a).some((link) => ofB.some((other) => isTurned(link, other)))
}

const isTurned = (link: Link, other: Link): boolean => {
  const isSame = link.from === other.from && link.to === other.to
  const isOther = link.from === other.to && link.to === other.from
  const [kind, otherKind] = [kindOf(link.relation), kindOf(other.relation)]
  if (isSame) return isOpposed(plainRelation(link.relation), plainRelation(other.relation))
  if (!isOther || link.from === link.to || kind === undefined) return false
  return kind === otherKind || (PLACES_APART.has(kind) && PLACES_APART.has(otherKind ?? ''))
}

const isOpposed = (relation: string, other: string): boolean =>
  relation !== other && OPPOSED.some((kind) => kind.has(relation) && kind.has(other))

const plainRelation = (relation: string): string => (relation === 'over' ? 'above' : relation)

/** In which way things are apart; who does something to whom is one of them. */
const kindOf = (relation: string): string | undefined =>
  relation.startsWith('~') ? 'deed' : AXES.get(relation)

const AXES: ReadonlyMap<string, string> = new Map([
  ['on', 'height'],
  ['over', 'height'],
  ['above', 'height'],
  ['covered-with', 'height'],
  ['left-of', 'side'],
  ['front-of', 'depth'],
  ['inside', 'inside'],
  ['with', 'with'],
  ['larger than', 'size'],
  ['taller than', 'size'],
  ['older than', 'age'],
  ['higher than', 'height'],
  ['faster than', 'speed'],
  ['heavier than', 'weight'],
  ['wider than', 'width'],
])

const PLACES_APART: ReadonlySet<string> = new Set(['height', 'side', 'depth', 'inside'])

const OPPOSED: readonly ReadonlySet<string>[] = [
  new Set(['inside', 'outside', 'above', 'front-of']),
  new Set(['beside', 'far-from']),
  new Set(['facing', 'facing away-from']),
  new Set(['into', 'out-of']),
  new Set(['up', 'down']),
  new Set(['toward', 'towards', 'away-from']),
  new Set(['to', 'from']),
]

const linksIn = ({ clauses }: Reading): Link[] =>
  clauses.flatMap((clause) => linksOf(clause, (phrase) => plainForm(nameOf(phrase))))
