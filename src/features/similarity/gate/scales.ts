import { areSameFacts, without } from './facts.ts'
import { nameOf, singular } from './phrase.ts'
import type { Reading } from './reading.ts'
import { SCALE_WORDS, SCALES } from './words/scales.ts'

/** Opposites: two words of one scale (day and night, young and old), or one word said of another thing. */
export const doScalesAgree = (a: Reading, b: Reading): boolean =>
  !areOpposed(a, b) && areSameFacts(boundFor(a, b), boundFor(b, a))

const areOpposed = (a: Reading, b: Reading): boolean => {
  const [onlyA, onlyB] = [without(wordsOf(a), wordsOf(b)), without(wordsOf(b), wordsOf(a))]
  return SCALES.some(
    (scale) => onlyA.some((word) => scale.has(word)) && onlyB.some((word) => scale.has(word)),
  )
}

const wordsOf = ({ words, whole }: Reading): string[] =>
  [...words, ...whole].map((word) => singular(word).name)

/** Words of a scale with the thing they are said of, where both prompts name it. */
const boundFor = (a: Reading, b: Reading): string[] => {
  const names = new Set(phrasesOf(b).map(nameOf))
  return phrasesOf(a)
    .filter((phrase) => names.has(nameOf(phrase)))
    .flatMap((phrase) =>
      phrase.words
        .slice(0, -1)
        .filter((word) => SCALE_WORDS.has(word) && b.words.includes(word))
        .map((word) => `${word} ${nameOf(phrase)}`),
    )
}

const phrasesOf = ({ clauses }: Reading) => clauses.flatMap(({ groups }) => groups.flat())
