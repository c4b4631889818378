import { isAttribute, isManner } from './attribute-words.ts'
import type { Clause } from './clause-builder.ts'
import { nameOf, type Phrase } from './phrase.ts'
import { COMPOSITIONS, LOOKS, MEDIA, VIEW_HEADS } from './words/attributes.ts'

/** What is said of the whole picture, and the clauses that are left. */
export type Taken = { whole: readonly string[]; clauses: readonly Clause[] }

/**
 * Takes out what the picture is made as, so that its place does not matter: "studio photo of a dog", "a dog, studio photo", "dog
 * logo". Only where the prompt names one medium and one framing, and "of" follows in the first clause: a wall with a photo of a
 * dog is no photo of a wall.
 */
export const takeMedium = (clauses: readonly Clause[]): Taken => {
  const names = clauses
    .filter((clause) => !isBare(clause))
    .flatMap(({ groups }) => groups.flat().map(nameOf))
  if (countIn(MEDIA, names) > 1 || countIn(COMPOSITIONS, names) > 1) return { whole: [], clauses }
  const isAllOfPicture = clauses.every((clause) => isOfPicture(clause, clause.relations.length))
  const whole: string[] = []
  const rest = clauses.flatMap((clause, index) => {
    const isSubject = isAllOfPicture || (index === 0 && clause.relations[0] === 'with')
    const shown = isSubject ? splitCompound(clause) : undefined
    if (shown) whole.push(...shown.made)
    if (shown) return [shown.clause]
    if (!isOfPicture(clause, index)) return [clause]
    whole.push(...(clause.groups[0]?.[0]?.words ?? []))
    return clause.relations.length === 0 ? [] : [withoutFirst(clause)]
  })
  return { whole, clauses: rest }
}

/** "minimal line art", in a clause of its own */
const isBare = ({ groups, relations }: Clause): boolean =>
  relations.length === 0 && groups.flat().every(({ isDetermined }) => !isDetermined)

/** "A fox logo with a blue background": what is not said of the picture is what it shows. */
const splitCompound = (clause: Clause) => {
  const [group = [], ...groups] = clause.groups
  const [phrase, ...others] = group
  if (phrase === undefined || others.length > 0 || phrase.isNegated || phrase.count !== '1')
    return undefined
  const shown = phrase.words.slice(0, -1).filter((word) => !isAttribute(word))
  if (!isMedium(nameOf(phrase)) || shown.length === 0) return undefined
  const made = phrase.words.filter((word) => !shown.includes(word))
  return { made, clause: { ...clause, groups: [[{ ...phrase, words: shown }], ...groups] } }
}

const isOfPicture = (clause: Clause, index: number): boolean => {
  const [group = []] = clause.groups
  const [phrase] = group
  const [relation] = clause.relations
  if (phrase === undefined || group.length > 1 || !isSaidOfPicture(phrase)) return false
  if (relation === undefined) return true
  const isShown = SHOWING.has(relation) || (MEDIA.has(nameOf(phrase)) && relation === 'for')
  return index === 0 && isShown
}

const SHOWING: ReadonlySet<string> = new Set(['of', 'about', '~show', '~depict', '~featur'])

const isSaidOfPicture = ({ words, isNegated, count, position }: Phrase): boolean => {
  if (isNegated || count !== '1' || position !== '') return false
  const name = words.at(-1) ?? ''
  const isView = VIEW_HEADS.has(name) && words.length > 1 && words.slice(0, -1).every(isAttribute)
  const areLooks = words.every((word) => LOOKS.has(word) || isManner(word))
  return MEDIA.has(name) || COMPOSITIONS.has(name) || isView || areLooks
}

const withoutFirst = ({ groups, relations, hosts }: Clause): Clause => ({
  groups: groups.slice(1),
  relations: relations.slice(1),
  hosts: hosts.slice(1).map((host) => Math.max(0, host - 1)),
})

const countIn = (set: ReadonlySet<string>, words: readonly string[]): number =>
  words.filter((word) => set.has(word)).length

const isMedium = (word: string): boolean => MEDIA.has(word) || word === 'portrait'
