import type { Token } from './tokenize.ts'
import { COLOURS } from './words/colours.ts'
import { findNumber, isDigitWord, isTens } from './words/numbers.ts'
import { COMPARATIVES } from './words/relations.ts'
import { MAX_PHRASE_WORDS, SYNONYMS } from './words/synonyms.ts'

/**
 * The tokens with words of one meaning made one: synonyms, phrases, numbers, "red and blue". Synonyms come twice, as
 * phrases are written with the words that stand for others ("close up photograph").
 */
export const canonicalWords = (tokens: readonly Token[]): Token[] => {
  const steps = [
    joinSynonyms,
    joinSynonyms,
    joinNumbers,
    joinColours,
    joinComparatives,
    joinReading,
  ]
  return steps.reduce<Token[]>((words, step) => step(words), tokens.map(spellContraction))
}

const asWord = (text: string): Token => ({ kind: 'word', text, isCapital: false })

const spellContraction = (token: Token): Token =>
  token.kind === 'word' && /(n't|^cannot)$/.test(token.text) ? asWord('not') : token

const joinSynonyms = (tokens: Token[]): Token[] =>
  join(tokens, (index) => {
    for (let count = MAX_PHRASE_WORDS; count > 0; count--) {
      const words = tokens.slice(index, index + count)
      if (words.length < count || words.some(({ kind }) => kind !== 'word')) continue
      // "Big Ben" is no large Ben.
      if (words.every(({ isCapital }) => isCapital)) continue
      const canonical = SYNONYMS.get(words.map(({ text }) => text).join(' '))
      if (canonical !== undefined) return { count, words: canonical.map(asWord) }
    }
    return undefined
  })

/** "twenty five" is 25. */
const joinNumbers = (tokens: Token[]): Token[] =>
  join(tokens, (index) => {
    const [tens, digit] = [tokens[index]?.text ?? '', tokens[index + 1]?.text ?? '']
    if (!isTens(tens) || !isDigitWord(digit)) return undefined
    const value = (findNumber(tens) ?? 0) + (findNumber(digit) ?? 0)
    return { count: 2, words: [asWord(String(value))] }
  })

/** "white and black" is one colour of its own, in either order. */
const joinColours = (tokens: Token[]): Token[] =>
  join(tokens, (index) => {
    const [one, and, other] = tokens.slice(index, index + 3).map(({ text }) => text)
    if (one === undefined || and !== 'and' || other === undefined) return undefined
    if (!COLOURS.has(one) || !COLOURS.has(other)) return undefined
    return { count: 3, words: [asWord([one, other].sort().join('+'))] }
  })

/** "reading" is what a sign does with a text; a person reads otherwise. */
const joinReading = (tokens: Token[]): Token[] =>
  join(tokens, (index) => {
    const isBeforeQuote = tokens[index + 1]?.kind === 'quote'
    return isBeforeQuote && ['reading', 'reads'].includes(tokens[index]?.text ?? '')
      ? { count: 1, words: [asWord('says')] }
      : undefined
  })

const joinComparatives = (tokens: Token[]): Token[] =>
  join(tokens, (index) => {
    const [word, than] = [tokens[index]?.text ?? '', tokens[index + 1]?.text]
    if (!COMPARATIVES.has(word) || than !== 'than') return undefined
    return { count: 2, words: [asWord(`${word} than`)] }
  })

type Joined = { count: number; words: Token[] }

/** Goes through the tokens and puts the words that `find` names in the place of those they stand for. */
const join = (tokens: Token[], find: (index: number) => Joined | undefined): Token[] => {
  const joined: Token[] = []
  for (let index = 0; index < tokens.length; ) {
    const found = find(index)
    const [token] = tokens.slice(index, index + 1)
    if (token !== undefined) joined.push(...(found?.words ?? [token]))
    index += found?.count ?? 1
  }
  return joined
}
