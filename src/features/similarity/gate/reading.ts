import { attach } from './attach.ts'
import { attributeSet } from './attribute-words.ts'
import { canonicalWords } from './canonical-words.ts'
import { parseClause } from './clause.ts'
import type { Clause } from './clause-builder.ts'
import { BREAK, splitAtBreaks, splitClauses } from './clauses-of-words.ts'
import { joinOf } from './join-of.ts'
import { readLights } from './lights.ts'
import { groupKeys, linkKey, linksOf } from './links.ts'
import { flatFormOf, listFormOf } from './list-form.ts'
import { markNames } from './mark-names.ts'
import { type Taken, takeMedium } from './medium.ts'
import { dependsOnNeighbours, hasOrderWord, isForeign } from './order-counts.ts'
import { takeScene } from './scene.ts'
import { type Token, tokenize } from './tokenize.ts'
import { ASKING, THANKS } from './words/function-words.ts'
import { FOREIGN_DETERMINERS } from './words/things.ts'

/** What the rules understand of a prompt. */
export type Reading = {
  /** Equal for two prompts only if nothing is known to tell their pictures apart. */
  form: string
  /** What it says as a list of what is in the picture, where it can be one. */
  list?: string | undefined
  /** The same without relations; `isList` where it says none. */
  flat?: { form: string; isList: boolean } | undefined
  /** All words that are left when those of one meaning are made one, in their order. */
  words: readonly string[]
  /** Words with a capital inside a sentence, in lower case. */
  names: readonly string[]
  /** Texts in quotes, as they are written. */
  quotes: readonly string[]
  /** What is said of the picture as a whole. */
  whole: readonly string[]
  clauses: readonly Clause[]
  /** False for what is too long to read, or in no language that the rules know. */
  isUnderstood: boolean
}

/**
 * Reading takes longer than in proportion to the length: some 2 ms for so many characters, 20 ms at worst. Of a longer prompt
 * nothing is understood, and it is like no other.
 */
export const MAX_READ_CHARACTERS = 1_000

export const readPrompt = (prompt: string): Reading => {
  if (prompt.length > MAX_READ_CHARACTERS) {
    const nothing = {
      words: [],
      names: [],
      quotes: [],
      whole: [],
      clauses: [],
      isUnderstood: false,
    }
    return { form: `unread: ${prompt}`, ...nothing }
  }
  const described = prompt.replace(ASKING, '').replace(THANKS, '')
  const tokens = markNames(tokenize(described), described === described.toUpperCase())
  const canonical = canonicalWords(tokens)
  const words = canonical.map(wordOf)
  const names = tokens.filter(({ isCapital }) => isCapital).map(({ text }) => text)
  const quotes = tokens.filter(({ kind }) => kind === 'quote').map(({ text }) => text)
  const split = splitClauses(words)
  const parsed = split.clauses.map(parseClause)
  const { whole, clauses, flat } = understand(parsed, split.attributes, names)
  const isUnderstood = !isForeign(words, names)
  const reading = { words, names, quotes, whole, clauses, isUnderstood }
  if (!isUnderstood) return { ...reading, form: formAsWritten(tokens.map(wordOf)) }
  const isInOrder = hasOrderWord(words) || dependsOnNeighbours(parsed)
  if (isInOrder) return { ...reading, form: `in order: ${words.join(' ')}` }
  return {
    ...reading,
    form: formOf(whole, clauses),
    list: listFormOf(flat.whole, flat.clauses),
    flat: flatFormOf(flat.whole, flat.clauses),
  }
}

/**
 * What is not English is taken as it is written, but for one word that stands for itself beside a thing with its article: "Aquarell,
 * zwei Hunde", "un perro, acuarela".
 */
const formAsWritten = (words: readonly string[]): string => {
  const [first = [], second = [], ...others] = splitAtBreaks(words)
  const isSwapped = first.length === 1 && FOREIGN_DETERMINERS.has(second[0] ?? '')
  const parts = isSwapped && others.length === 0 ? [second, first] : splitAtBreaks(words)
  return `as written: ${parts.map((part) => part.join(' ')).join(` ${BREAK} `)}`
}

/** A quote stands for itself, in its own case, and is never taken for a word. */
const wordOf = ({ kind, text }: Token): string => {
  if (kind === 'quote') return JSON.stringify(text)
  return kind === 'break' ? BREAK : text
}

const understand = (
  parsed: readonly Clause[],
  attributes: readonly string[],
  names: readonly string[],
): Taken & { flat: Taken } => {
  const picture = takeMedium(parsed)
  const flat = {
    whole: attributeSet([...attributes, ...picture.whole]),
    clauses: picture.clauses.map((clause) => joinOf(attach(clause, names))),
  }
  const scene = takeScene(
    picture.clauses
      .map((clause) => attach(clause, names))
      .map(readLights)
      .map(joinOf),
  )
  return {
    whole: attributeSet([...attributes, ...picture.whole, ...scene.whole]),
    clauses: setExclusionsApart(scene.clauses),
    flat,
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
    return [group, excluded].map((phrases) => ({ groups: [phrases], relations: [], hosts: [] }))
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
    isAfterDenial = phrases.some(({ isNegated }) => isNegated)
  }
  return texts
}

const clauseKey = (clause: Clause): string =>
  JSON.stringify([groupKeys(clause).sort(), linksOf(clause).map(linkKey).sort()])
