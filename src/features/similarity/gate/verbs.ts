import { ING_NOUNS, PARTICIPLES } from './words/relations.ts'

/** One form for "chasing" and "chased". */
export const stemOf = (verb: string): string =>
  PARTICIPLES.get(verb) ?? verb.replace(/(ing|ed)$/, '').replace(/i$/, 'y')

/** "chasing" behind a thing says what that does. */
export const isDoing = (word: string): boolean => word.endsWith('ing') && !ING_NOUNS.has(word)

/** "chased" behind a thing, as in "a dog chased by a cat". */
export const endsWithParticiple = (words: readonly string[]): boolean => {
  const last = words.at(-1) ?? ''
  return words.length > 1 && (PARTICIPLES.has(last) || /[a-z]{2}ed$/.test(last))
}
