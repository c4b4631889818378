import { ING_NOUNS, NO_VERBS, PARTICIPLES } from './words/relations.ts'
import { VERBS } from './words/wordnet.ts'

/** One consonant, vowel, consonant at the end of a single syllable, as English spells what has lost its e: "tap(e)". */
const SYLLABLE = /^[^aeiouy]*[aeiouy][^aeiouwxy]$/

/** One form for "chasing", "chases", "chase" and "chased"; "tapping" and "taping" have two. */
export const stemOf = (verb: string): string => {
  const irregular = PARTICIPLES.get(verb)
  if (irregular !== undefined) return irregular
  const participle = /^(.*[aeiouy].*)(?:ing|ed)$/.exec(verb)?.[1]
  const base = participle ?? verb.replace(/([^s])s$/, '$1')
  if (participle !== undefined && /([bdgmnprt])\1$/.test(base)) return base.slice(0, -1)
  if (participle !== undefined && SYLLABLE.test(base)) return `${base}e`
  const plain = base.replace(/i$|ie$/, 'y')
  const withoutE = plain.replace(/e$/, '')
  return SYLLABLE.test(withoutE) ? plain : withoutE
}

/** The stem of the verb that stands for all of its meaning: "sewing" and "stitching" are one deed. */
export const deedOf = (verb: string): string => {
  const stem = stemOf(verb)
  return DEEDS.get(stem) ?? stem
}

const DEEDS: ReadonlyMap<string, string> = new Map(
  [...VERBS].map(([verb, canonical]) => [stemOf(verb), stemOf(canonical)]),
)

/** "chasing" behind a thing says what that does. */
export const isDoing = (word: string): boolean =>
  /^[a-z]*[aeiouy][a-z]*ing$/.test(word) && !ING_NOUNS.has(word)

/** "chased" behind a thing, as in "a dog chased by a cat". */
export const endsWithParticiple = (words: readonly string[]): boolean => {
  const last = words.at(-1) ?? ''
  return words.length > 1 && (PARTICIPLES.has(last) || /[a-z]{2}ed$/.test(last))
}

/**
 * Whether a word behind a thing says what that does: "a woman bakes", "two dogs play". Behind one thing no noun is in the plural,
 * and behind several none is not.
 */
export const isActing = (word: string, thing: string, isOne: boolean): boolean => {
  if (!/^[a-z]{3,}$/.test(word) || NO_VERBS.has(word) || NO_VERBS.has(thing)) return false
  return isOne ? /[^sui]s$/.test(word) : isPlural(thing) && !/(?:s|ed|ing|ly|ful)$/.test(word)
}

const isPlural = (word: string): boolean =>
  /^(?:people|children|men|women|[a-z]{2,}[^sui]s)$/.test(word)
