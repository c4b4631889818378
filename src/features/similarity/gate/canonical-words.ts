import type { Token } from './tokenize.ts'
import { VIEW_HEADS, VIEWS } from './words/attributes.ts'
import { COLOURS } from './words/colours.ts'
import { ARTICLES } from './words/function-words.ts'
import { findNumber, isDigitWord, isTens } from './words/numbers.ts'
import { COMPARATIVES } from './words/relations.ts'
import { MAX_PHRASE_WORDS, SYNONYMS } from './words/synonyms.ts'
import { SPELLINGS } from './words/wordnet.ts'

/**
 * The tokens with words of one meaning made one: synonyms, phrases, numbers, "red and blue". Synonyms come twice, as
 * phrases are written with the words that stand for others ("close up photograph").
 */
export const canonicalWords = (tokens: readonly Token[]): Token[] => {
  const steps = [
    joinSides,
    joinSynonyms,
    joinSynonyms,
    joinViews,
    joinNumbers,
    joinColours,
    joinComparatives,
    joinReading,
  ]
  return steps.reduce<Token[]>((words, step) => step(words), tokens.flatMap(spell))
}

const americanize = (word: string): string =>
  word.replace(/^([a-z]{3,})our(?=s?$|ful$|ed$|hood)/, '$1or')

const asWord = (text: string): Token => ({ kind: 'word', text, isCapital: false })

/** One spelling: "colour" is "color", "isn't" has a "not", "sunlit" is lit by the sun. */
const spell = (token: Token): Token[] => {
  if (token.kind !== 'word') return [token]
  if (/(n't|^cannot)$/.test(token.text)) return [asWord('not')]
  const [, of, light] =
    /^(candle|moon|sun|star|lamp|torch|fire|day)(lit|light)$/.exec(token.text) ?? []
  if (of !== undefined && light !== undefined) return [asWord(of), asWord(light)]
  const text = americanize(token.text)
  const name = text.replace(/s$/, '')
  const spelling = SPELLINGS.get(text) ?? SPELLINGS.get(name)
  if (spelling === undefined || token.isCapital) return [{ ...token, text }]
  return [{ ...token, text: SPELLINGS.has(text) || name === text ? spelling : `${spelling}s` }]
}

const joinSynonyms = (tokens: Token[]): Token[] =>
  join(tokens, (index) => {
    if (!FIRST_WORDS.has(tokens[index]?.text ?? '')) return undefined
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

/** "to the left of", "on the left side of", "in the background", "at the top": a relation, or a place in the picture. */
const joinSides = (tokens: Token[]): Token[] =>
  join(tokens, (index) => {
    const said = tokens
      .slice(index, index + 5)
      .map(({ kind, text }) => (kind === 'word' ? text : ''))
    const isLinked = SIDE_LINKS.has(said[0] ?? '')
    const at = !isLinked ? 0 : said[1] === 'the' ? 2 : 1
    const side = SIDES.get(said[at] ?? '')
    if (side === undefined) return undefined
    const isLeftOrRight = side === 'left' || side === 'right'
    const count = at + (isLinked && isLeftOrRight && said[at + 1] === 'side' ? 2 : 1)
    if (isLeftOrRight && said[count] === 'of')
      return { count: count + 1, words: [asWord(`${side}-of`)] }
    return isLinked && said[count] !== 'of' ? { count, words: [asWord(`@${side}`)] } : undefined
  })

const SIDE_LINKS = new Set(['to', 'on', 'at', 'in'])

const SIDES = new Map([
  ...['left', 'right', 'top', 'bottom', 'background', 'foreground', 'center'].map(
    (side) => [side, side] as const,
  ),
  ['middle', 'center'] as const,
])

const FIRST_WORDS = new Set([...SYNONYMS.keys()].map((said) => said.split(' ')[0] ?? ''))

/** "seen from above", "top-down view" and "overhead shot" are one view. */
const joinViews = (tokens: Token[]): Token[] =>
  join(tokens, (index) => {
    if (!FIRST_OF_VIEWS.has(tokens[index]?.text ?? '')) return undefined
    const said = tokens
      .slice(index, index + 6)
      .map(({ kind, text }) => (kind === 'word' ? text : ''))
    const from = said[0] === 'from' ? (ARTICLES.has(said[1] ?? '') ? 2 : 1) : 0
    const length = [2, 1].find((count) => VIEWS.has(said.slice(from, from + count).join(' ')))
    if (length === undefined) return undefined
    const rest = said.slice(from + length)
    const last = rest.findIndex((word) => !VIEW_HEADS.has(word))
    const heads = last < 0 ? rest.length : last
    const view = VIEWS.get(said.slice(from, from + length).join(' ')) ?? ''
    const next = tokens[index + from + length]
    const isEnd = next === undefined || next.kind === 'break' || next.text === 'and'
    if (heads === 0 && !(from > 0 && isEnd)) return undefined
    return { count: from + length + heads, words: [asWord(view)] }
  })

const FIRST_OF_VIEWS = new Set([
  'from',
  ...[...VIEWS.keys()].map((said) => said.split(' ')[0] ?? ''),
])

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
    return isBeforeQuote && ['reading', 'reads', 'read'].includes(tokens[index]?.text ?? '')
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
