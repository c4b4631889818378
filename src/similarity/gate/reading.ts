import { canonicalWords } from './canonical-words.ts'
import { type Clause, parseClause } from './clause.ts'
import { BREAK, splitClauses } from './clauses-of-words.ts'
import { groupKeys, linkKey, linksOf } from './links.ts'
import { dependsOnNeighbours, hasOrderWord, isForeign } from './order-counts.ts'
import type { Phrase } from './phrase.ts'
import { takePictureWords, takeSettings } from './picture-words.ts'
import { type Token, tokenize } from './tokenize.ts'
import { ASKING, ASKING_FOR_IMAGE } from './words/function-words.ts'
import { HOMOGRAPHS } from './words/things.ts'

/** What the rules understand of a prompt. */
export type Reading = {
  /** Equal for two prompts only if nothing is known to tell their pictures apart. */
  form: string
  /** All words that are left when those of one meaning are made one, in their order. */
  words: readonly string[]
  /** Words with a capital inside a sentence, in lower case. */
  names: readonly string[]
  /** Texts in quotes, as they are written. */
  quotes: readonly string[]
  /** What is said of the picture as a whole. */
  whole: readonly string[]
  clauses: readonly Clause[]
}

export const readPrompt = (prompt: string): Reading => {
  const tokens = markNames(tokenize(prompt.replace(ASKING_FOR_IMAGE, '').replace(ASKING, '')))
  const canonical = canonicalWords(tokens)
  const words = canonical.map(wordOf)
  const names = tokens.filter(({ isCapital }) => isCapital).map(({ text }) => text)
  const quotes = tokens.filter(({ kind }) => kind === 'quote').map(({ text }) => text)
  const parsed = splitClauses(words).map(parseClause)
  const { whole, clauses } = understand(parsed)
  const reading = { words, names, quotes, whole, clauses }
  if (isForeign(words)) return { ...reading, form: `as written: ${tokens.map(wordOf).join(' ')}` }
  const isInOrder = hasOrderWord(words) || dependsOnNeighbours(parsed)
  return { ...reading, form: isInOrder ? `in order: ${words.join(' ')}` : formOf(whole, clauses) }
}

/** A quote stands for itself, in its own case, and is never taken for a word. */
const wordOf = ({ kind, text }: Token): string => {
  if (kind === 'quote') return JSON.stringify(text)
  return kind === 'break' ? BREAK : text
}

/** Capitals count inside a sentence, and not where most words have one. */
const markNames = (tokens: readonly Token[]): Token[] => {
  const words = tokens.filter(({ kind }) => kind === 'word')
  const capitals = words.filter(({ isCapital }) => isCapital).length
  const isTitle = words.length > 2 && capitals * 2 > words.length
  return tokens.map((token, index) => {
    const isCapital =
      token.isCapital && !isTitle && index > 0 && tokens[index - 1]?.kind !== 'break'
    const isName = isCapital && HOMOGRAPHS.has(token.text)
    return { ...token, isCapital, text: isName ? `${token.text}'name` : token.text }
  })
}

const understand = (parsed: readonly Clause[]): { whole: string[]; clauses: readonly Clause[] } => {
  const picture = takePictureWords(parsed)
  const setting = takeSettings(picture.clauses)
  return {
    whole: [...picture.whole, ...setting.whole].sort(),
    clauses: setExclusionsApart(setting.clauses),
  }
}

/** Where there is one thing only, "a street without people" is "a street, no people". */
const setExclusionsApart = (clauses: readonly Clause[]): readonly Clause[] => {
  const things = clauses
    .flatMap(({ groups }) => groups.flat())
    .filter(({ isNegated }) => !isNegated)
  if (things.length !== 1) return clauses
  return clauses.flatMap((clause) => {
    const [group = [], excluded = [], ...others] = clause.groups
    const isApart = clause.relations[0] === 'with' && excluded.every(({ isNegated }) => isNegated)
    if (others.length > 0 || !isApart) return [clause]
    return [group, excluded].map((phrases) => ({ groups: [phrases], relations: [] }))
  })
}

const formOf = (whole: readonly string[], clauses: readonly Clause[]): string =>
  JSON.stringify([whole, glueUncertain(clauses).sort()])

/** "no people, cars" may mean no cars: a clause with nothing of its own in front stays behind one that denies. */
const glueUncertain = (clauses: readonly Clause[]): string[] => {
  const texts: string[] = []
  let isAfterDenial = false
  for (const clause of clauses) {
    const phrases = clause.groups.flat()
    const isBare = phrases[0]?.isDetermined === false
    if (isAfterDenial && isBare) texts.push(`${texts.pop()}, ${clauseKey(clause)}`)
    else texts.push(clauseKey(clause))
    isAfterDenial = phrases.some(denies)
  }
  return texts
}

const denies = ({ isNegated }: Phrase): boolean => isNegated

const clauseKey = (clause: Clause): string =>
  JSON.stringify([
    groupKeys(clause).sort(),
    linksOf(clause)
      .map((link) => linkKey(link))
      .sort(),
  ])
