import { isManner } from './attribute-words.ts'
import type { Clause } from './clause-builder.ts'
import { lightOfPhrase, withoutGroups } from './lights.ts'
import type { Taken } from './medium.ts'
import { nameOf, type Phrase } from './phrase.ts'
import { INVERSES, SYMMETRIC } from './words/relations.ts'
import { findSettingKind, PLACES, TIMES, weatherOf } from './words/things.ts'

/**
 * Takes out what is said of the scene: time of day, season, weather, light, background; and what its only thing has because all of
 * the picture has it ("a cartoon fox", "a snowy forest"). Where there are several things it stays with the one it is said of.
 */
export const takeScene = (clauses: readonly Clause[]): Taken => {
  const settings = takeSettings(clauses)
  const scene = settings.clauses.flatMap(sceneOfClause)
  const things = settings.clauses.filter((clause) => sceneOfClause(clause).length === 0)
  const [thing, ...others] = things
  const lights = settings.clauses.flatMap(({ groups }) => groups.flat()).filter(isOfLight)
  if (thing === undefined || others.length > 0 || lights.length > 1 || isBesideAnother(thing)) {
    const light = settings.clauses.filter((clause) => lightOfClause(clause) !== undefined)
    return {
      whole: [...settings.whole, ...light.flatMap((clause) => lightOfClause(clause) ?? [])],
      clauses: settings.clauses.filter((clause) => !light.includes(clause)),
    }
  }
  const lifted = liftFrom(thing)
  return { whole: [...settings.whole, ...scene, ...lifted.whole], clauses: lifted.clauses }
}

/** The background or the light, where a clause says nothing else. */
const sceneOfClause = (clause: Clause): string[] => {
  const light = lightOfClause(clause)
  if (light !== undefined) return [light]
  const [phrase] = clause.groups[0] ?? []
  const isAlone = clause.relations.length === 0 && clause.groups[0]?.length === 1
  return isAlone && phrase !== undefined && isBackground(phrase) ? [phrase.words.join(' ')] : []
}

const lightOfClause = ({ groups, relations }: Clause): string | undefined => {
  const [phrase, ...others] = groups[0] ?? []
  const isAlone = phrase !== undefined && others.length === 0 && relations.length === 0
  return isAlone ? lightOfPhrase(phrase) : undefined
}

const isBackground = (phrase: Phrase): boolean =>
  nameOf(phrase) === 'background' &&
  phrase.count === '1' &&
  !phrase.isNegated &&
  phrase.position === ''

const isOfLight = (phrase: Phrase): boolean =>
  lightOfPhrase(phrase) !== undefined || phrase.words.some((word) => word.startsWith('light:'))

/** "A fox next to a house": what is said of one of them is not said of the other. */
const isBesideAnother = ({ groups, relations }: Clause): boolean =>
  (groups[0]?.length ?? 0) !== 1 ||
  relations.some(
    (relation, index) =>
      isBetweenThings(relation) && !(groups[index + 1] ?? []).every((one) => isBackground(one)),
  )

const isBetweenThings = (relation: string): boolean =>
  SYMMETRIC.has(relation) || BETWEEN.has(relation)

const BETWEEN: ReadonlySet<string> = new Set([...INVERSES].flat())

const liftFrom = (clause: Clause): Taken => {
  const whole: string[] = []
  const bare = withoutGroups(clause, (index) => {
    const [phrase, ...others] = clause.groups[index] ?? []
    const isLeaf = index > 0 && !clause.hosts.includes(index)
    if (phrase === undefined || others.length > 0 || !isLeaf || !isBackground(phrase)) return false
    whole.push(phrase.words.join(' '))
    return true
  })
  const groups = bare.groups.map((group, index) =>
    group.map((phrase) => {
      const isScene = index === 0 || PLACES.has(nameOf(phrase))
      const lifted = phrase.words
        .slice(0, -1)
        .filter((word) => word.startsWith('light:') || (isScene && isOfAll(word, index)))
      whole.push(...lifted.map((word) => weatherOf(word) ?? word))
      return { ...phrase, words: phrase.words.filter((word) => !lifted.includes(word)) }
    }),
  )
  return { whole, clauses: [{ ...bare, groups }] }
}

const isOfAll = (word: string, index: number): boolean =>
  weatherOf(word) !== undefined || (index === 0 && isManner(word))

/**
 * The time of day, the season and the weather: the only one of its kind that is named, in a clause of its own or at an end of the
 * only other one.
 */
const takeSettings = (clauses: readonly Clause[]): Taken => {
  const words = clauses.flatMap(({ groups }) => groups.flat().flatMap((phrase) => phrase.words))
  const isOnlyOne = (time: string) =>
    words.filter((word) => findSettingKind(weatherOf(time) ?? time)?.includes(word)).length <= 1
  const whole: string[] = []
  const take = (phrase: Phrase) =>
    whole.push(...phrase.words.map((word) => weatherOf(word) ?? word))
  const isTaken = (phrase: Phrase) => isTime(phrase) && phrase.words.every(isOnlyOne)

  const withoutSettings = (clause: Clause): Clause[] => {
    const [first, ...others] = clause.groups[0] ?? []
    if (first && others.length === 0 && isTaken(first)) {
      const [relation] = clause.relations
      if (relation === undefined || OVER.has(relation)) take(first)
      if (relation === undefined) return []
      if (OVER.has(relation)) return [withoutFirst(clause)]
    }
    return [
      withoutGroups(clause, (index) => {
        const [phrase, ...more] = clause.groups[index] ?? []
        const isLeaf = index > 0 && !clause.hosts.includes(index)
        const isSetting = SETTING_RELATIONS.has(clause.relations[index - 1] ?? '')
        if (!phrase || more.length > 0 || !isLeaf || !isSetting || !isTaken(phrase)) return false
        take(phrase)
        return true
      }),
    ]
  }
  const hasOneSubject = clauses.filter(({ groups }) => groups.flat().some(isSubject)).length < 2
  const rest = clauses.flatMap((clause) =>
    hasOneSubject || clause.groups.flat().every(isTime) ? withoutSettings(clause) : [clause],
  )
  return { whole, clauses: rest.filter(({ groups }) => groups.some(({ length }) => length > 0)) }
}

const withoutFirst = ({ groups, relations, hosts }: Clause): Clause => ({
  groups: groups.slice(1),
  relations: relations.slice(1),
  hosts: hosts.slice(1).map((host) => Math.max(0, host - 1)),
})

/** "Sunrise over rice fields" */
const OVER: ReadonlySet<string> = new Set(['over', 'inside', 'at', 'on', 'above'])

const SETTING_RELATIONS = new Set(['at', 'inside', 'by', 'on', 'during'])

const isSubject = (phrase: Phrase): boolean =>
  !phrase.isNegated &&
  !isTime(phrase) &&
  !isBackground(phrase) &&
  lightOfPhrase(phrase) === undefined

/** "night", "a foggy morning" */
const isTime = ({ words, isNegated, position, count }: Phrase): boolean =>
  TIMES.has(words.at(-1) ?? '') &&
  words.every((word) => TIMES.has(word) || weatherOf(word) !== undefined) &&
  !isNegated &&
  position === '' &&
  count === '1'
