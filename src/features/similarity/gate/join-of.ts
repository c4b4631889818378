import type { Clause } from './clause-builder.ts'
import { withoutGroups } from './lights.ts'
import { nameOf, type Phrase } from './phrase.ts'
import { COLOURS } from './words/colours.ts'
import { ASPECTS, COLLECTIONS, MEASURES } from './words/relations.ts'

/**
 * One way to say what a thing is of: "a statue of a lion" is a lion statue, "a table made of wood" a wooden one, "the interior of a
 * modern kitchen" a modern kitchen interior. A cup of coffee is no coffee cup.
 */
export const joinOf = (clause: Clause): Clause => {
  const groups = clause.groups.map((group) => group)
  const joined = clause.relations.map((relation, index) => {
    const host = clause.hosts[index] ?? index
    const [thing, ...others] = groups[host] ?? []
    const [part, ...more] = clause.groups[index + 1] ?? []
    if (thing === undefined || part === undefined || others.length > 0 || more.length > 0)
      return false
    if (!isJoined(thing, relation, part)) return false
    const words = thing.words.filter((word) => word !== MADE && word !== PAINTED)
    groups[host] = [{ ...thing, words: [...part.words, ...words] }]
    return true
  })
  return withoutGroups({ ...clause, groups }, (index) => joined[index - 1] === true)
}

const isJoined = (thing: Phrase, relation: string, part: Phrase): boolean => {
  if (part.isNegated || part.position !== '' || part.count !== '1' || thing.isNegated) return false
  if (thing.words.includes(PAINTED) && COLOURS.has(nameOf(part))) return relation === 'inside'
  if (thing.words.includes(MADE)) return relation === 'of' || relation === 'from'
  if (relation !== 'of' || isMeasure(nameOf(thing))) return false
  return part.words.length === 1 || (thing.words.length === 1 && ASPECTS.has(nameOf(thing)))
}

const isMeasure = (word: string): boolean => MEASURES.has(word) || COLLECTIONS.has(word)

const MADE = '<~make'
const PAINTED = '<~paint'
