import { isAttribute } from './attribute-words.ts'
import {
  COMPOSITIONS,
  MAKERS,
  MEDIA,
  PAINTS,
  PENS,
  STYLE_HEADS,
  VIEW_HEADS,
} from './words/attributes.ts'
import { ARTICLES } from './words/function-words.ts'
import { RELATIONS } from './words/relations.ts'

/** How a clause says that its picture is made, and the words that are left of it. */
export type Styled = { attributes: readonly string[]; words: readonly string[] }

type Found = { from: number; to: number; attributes: readonly string[] }

/**
 * Takes what is said of the picture's making out of the words of a clause, by its grammar and not by its words: "painted in
 * oil", "drawn in an isometric style", "in the style of Monet", "cubist style", "seen from above".
 */
export const takeStyles = (words: readonly string[], isFirst: boolean): Styled => {
  const attributes: string[] = []
  let left = words
  for (let found = findStyle(left, isFirst); found; found = findStyle(left, isFirst)) {
    attributes.push(...found.attributes)
    left = left.toSpliced(found.from, found.to - found.from)
  }
  return { attributes, words: left }
}

const findStyle = (words: readonly string[], isFirst: boolean): Found | undefined => {
  for (const from of words.keys()) {
    const found = readMaking(words, from) ?? readManner(words, from, from)
    if (found && (from > 0 || found.to === words.length)) return found
  }
  return readWholeClause(words) ?? (isFirst ? readStyledThing(words) : undefined)
}

/** "drawn in isometric style", "sketched with charcoal", "seen from above" */
const readMaking = (words: readonly string[], from: number): Found | undefined => {
  const medium = MAKERS.get(words[from] ?? '')
  if (medium === undefined) return undefined
  const manner = readManner(words, from, from + 1) ?? readView(words, from)
  if (!manner && medium === 'photo' && from > 0) return { from, to: from + 1, attributes: [medium] }
  return manner && { ...manner, attributes: [medium, ...manner.attributes].filter(Boolean) }
}

/** "in a flat style", "in watercolor", "with charcoal", "in the style of Monet"; at the end or before what stands in relation. */
const readManner = (words: readonly string[], from: number, at: number): Found | undefined => {
  const isMade = at > from
  const link = words[at] ?? ''
  const isAs = link === 'as' && !/ed$/.test(words[at - 1] ?? '')
  if (link !== 'inside' && !isAs && !(isMade && ['with', 'as', 'using', 'by'].includes(link)))
    return undefined
  let start = at + 1
  if (ARTICLES.has(words[start] ?? '')) start++
  if (STYLE_HEADS.has(words[start] ?? '') && words[start + 1] === 'of') {
    const to = endOfPhrase(words, start + 2)
    const named = words.slice(start + 2, to).filter((word) => !ARTICLES.has(word))
    return named.length > 0 ? { from, to, attributes: named } : undefined
  }
  const to = endOfPhrase(words, start)
  const said = words.slice(start, to)
  if (link === 'as' && !isMade && !MEDIA.has(said.at(-1) ?? '')) return undefined
  const isStyle = (isAs || isHead(said.at(-1) ?? '')) && said.length > 1
  const areAttributes = said.length > 0 && said.every(isMaterial)
  return isStyle || areAttributes ? { from, to, attributes: said } : undefined
}

/** "a flat style", "isometric view", "black ink" */
const isHead = (word: string): boolean =>
  STYLE_HEADS.has(word) || VIEW_HEADS.has(word) || PAINTS.has(word) || PENS.has(word)

/** "watercolors", "black and white", "3D" */
const isMaterial = (word: string): boolean =>
  isAttribute(word) ||
  isAttribute(word.replace(/s$/, '')) ||
  STYLE_HEADS.has(word) ||
  COMPOSITIONS.has(word)

/** "seen from above": the view is one word by now. */
const readView = (words: readonly string[], from: number): Found | undefined => {
  const view = words[from + 1] ?? ''
  return COMPOSITIONS.has(view) ? { from, to: from + 2, attributes: [view] } : undefined
}

/** A clause of its own: "cubist style", "children's book illustration style" */
const readWholeClause = (words: readonly string[]): Found | undefined => {
  const said = ARTICLES.has(words[0] ?? '') ? words.slice(1) : words
  const isStyle = STYLE_HEADS.has(said.at(-1) ?? '') && said.length > 1
  if (!isStyle || endOfPhrase(said, 0) < said.length) return undefined
  return { from: 0, to: words.length, attributes: said }
}

/** The first thing of the prompt: "an anime-style portrait", "a Van Gogh style castle" */
const readStyledThing = (words: readonly string[]): Found | undefined => {
  const from = ARTICLES.has(words[0] ?? '') ? 1 : 0
  const at = words.findIndex((word) => STYLE_HEADS.has(word))
  if (at <= from || at > from + 3 || endOfPhrase(words, from) <= at + 1) return undefined
  return { from, to: at + 1, attributes: words.slice(from, at) }
}

const endOfPhrase = (words: readonly string[], from: number): number => {
  const length = words.slice(from).findIndex((word, index) => {
    const isStart = ARTICLES.has(word) && index > 0
    return (
      RELATIONS.has(word) || isStart || word === 'and' || word === 'without' || word.startsWith('"')
    )
  })
  return length < 0 ? words.length : from + length
}
