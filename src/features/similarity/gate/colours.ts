import { areSameFacts } from './facts.ts'
import { nameOf } from './phrase.ts'
import type { Reading } from './reading.ts'
import { COLOURS, SHADES } from './words/colours.ts'

/** Colours, bound to what has them: "red car, blue house" is not "blue car, red house". */
export const doColoursAgree = (a: Reading, b: Reading): boolean =>
  areSameFacts(coloursFor(a, b), coloursFor(b, a))

const coloursFor = (reading: Reading, other: Reading): string[] => {
  const otherNames = new Set(phrasesOf(other).map(nameOf))
  return phrasesOf(reading).flatMap((phrase) => {
    if (!phrase.words.some(isColour)) return []
    const colours = phrase.words.filter((word) => isColour(word) || SHADES.has(word)).join(' ')
    // Of things that the other does not name at all, the colour alone is compared.
    return [otherNames.has(nameOf(phrase)) ? `${colours} ${nameOf(phrase)}` : colours]
  })
}

const isColour = (word: string): boolean => word.split('+').every((part) => COLOURS.has(part))

const phrasesOf = ({ clauses }: Reading) => clauses.flatMap(({ groups }) => groups.flat())
