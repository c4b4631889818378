import type { Clause } from './clause-builder.ts'
import type { Phrase } from './phrase.ts'
import { COMPOSITIONS, LOOKS, MEDIA } from './words/styles.ts'
import { findSettingKind, TIMES } from './words/things.ts'

/** What is said of the whole picture, and the clauses that are left. */
export type Split = { whole: readonly string[]; clauses: readonly Clause[] }

/**
 * Takes out what is said of the whole picture, so that its place does not matter: "studio photo of a dog" and "a dog,
 * studio photo". Only where the prompt names one medium and one framing, and "of" follows in the first clause:
 * a wall with a photo of a dog is no photo of a wall.
 */
export const takePictureWords = (clauses: readonly Clause[]): Split => {
  const words = clauses.flatMap(({ groups }) => groups.flat().flatMap((phrase) => phrase.words))
  if (countIn(MEDIA, words) > 1 || countIn(COMPOSITIONS, words) > 1) return { whole: [], clauses }
  const whole: string[] = []
  const rest = clauses.flatMap((clause, index) => {
    const [group = [], ...groups] = clause.groups
    const [phrase] = group
    const [relation, ...relations] = clause.relations
    if (phrase === undefined || group.length > 1 || !isOfPicture(phrase)) return [clause]
    if (relation !== undefined && (index > 0 || !['of', 'show'].includes(relation))) return [clause]
    whole.push(...piecesOf(phrase))
    return relation === undefined ? [] : [{ groups, relations }]
  })
  return { whole, clauses: rest }
}

/**
 * Takes out the time of day, the season and the weather: the only one of its kind that is named, in a clause of its own
 * or at the end of the only other one.
 */
export const takeSettings = (clauses: readonly Clause[]): Split => {
  const words = clauses.flatMap(({ groups }) => groups.flat().flatMap((phrase) => phrase.words))
  const isOnlyOne = (time: string) =>
    words.filter((word) => findSettingKind(time)?.includes(word)).length === 1
  const whole: string[] = []
  const withoutSettings = (clause: Clause): Clause[] => {
    const last = clause.groups.at(-1) ?? []
    const [phrase] = last
    const relation = clause.relations.at(-1)
    if (phrase === undefined || last.length > 1 || !isTime(phrase)) return [clause]
    if (!phrase.words.every(isOnlyOne)) return [clause]
    if (relation !== undefined && !SETTING_RELATIONS.has(relation)) return [clause]
    whole.push(...phrase.words)
    const groups = clause.groups.slice(0, -1)
    if (groups.every(({ length }) => length === 0)) return []
    return withoutSettings({ groups, relations: clause.relations.slice(0, -1) })
  }
  const hasOneSubject = clauses.filter(({ groups }) => groups.flat().some(isSubject)).length < 2
  const rest = clauses.flatMap((clause) =>
    hasOneSubject || clause.groups.flat().every(isTime) ? withoutSettings(clause) : [clause],
  )
  return { whole, clauses: rest }
}

const SETTING_RELATIONS = new Set(['at', 'inside', 'by', 'on', 'during'])

const isSubject = (phrase: Phrase): boolean => !phrase.isNegated && !isTime(phrase)

const isTime = ({ words, isNegated, position, count }: Phrase): boolean =>
  words.length === 1 && TIMES.has(words[0] ?? '') && !isNegated && position === '' && count === '1'

const isOfPicture = ({ words, isNegated, count, position }: Phrase): boolean => {
  if (isNegated || count !== '1' || position !== '') return false
  const name = words.at(-1) ?? ''
  return MEDIA.has(name) || COMPOSITIONS.has(name) || words.every((word) => LOOKS.has(word))
}

/** "close-up photo" is a close-up and a photo; "oil painting" is one thing. */
const piecesOf = ({ words }: Phrase): string[] => {
  const single = words.filter((word) => LOOKS.has(word) || COMPOSITIONS.has(word))
  const medium = words.filter((word) => !LOOKS.has(word) && !COMPOSITIONS.has(word)).join(' ')
  return medium === '' ? single : [...single, medium]
}

const countIn = (set: ReadonlySet<string>, words: readonly string[]): number =>
  words.filter((word) => set.has(word)).length
