import type { Token } from './tokenize.ts'
import { ARTICLES, CONJUNCTIONS, FILLERS } from './words/function-words.ts'
import { RELATIONS } from './words/relations.ts'
import { HOMOGRAPHS } from './words/things.ts'

/** So many words with a capital inside sentences, and none without, are a title. */
const MIN_TITLE_WORDS = 3

/**
 * Capitals count inside a sentence, and not where all words have one. A name that is also a common word is made
 * another word: "an Apple", "Doctor Who". `isShouted`: the whole prompt is in capitals.
 */
export const markNames = (tokens: readonly Token[], isShouted: boolean): Token[] => {
  const inside = tokens.filter((token, index) => token.kind === 'word' && !isFirst(tokens, index))
  const named = inside.filter(({ text }) => !isSmall(text))
  const isTitle = named.length >= MIN_TITLE_WORDS && named.every(({ isCapital }) => isCapital)
  return tokens.map((token, index) => {
    // At the beginning a capital means something only where the next word has one, too: "Big Ben".
    const isInside =
      !isFirst(tokens, index) || (tokens[index + 1]?.isCapital === true && !isSmall(token.text))
    const isCapital = token.isCapital && !isTitle && !isShouted && isInside
    const isName = isCapital && (HOMOGRAPHS.has(token.text) || FILLERS.has(token.text))
    return { ...token, isCapital, text: isName ? `${token.text}'name` : token.text }
  })
}

const isFirst = (tokens: readonly Token[], index: number): boolean =>
  index === 0 || tokens[index - 1]?.kind === 'break'

/** Words that have no capital in a title, or digits. */
const isSmall = (word: string): boolean =>
  ARTICLES.has(word) ||
  CONJUNCTIONS.has(word) ||
  RELATIONS.has(word) ||
  FILLERS.has(word) ||
  SMALL.has(word) ||
  !/\p{L}/u.test(word)

const SMALL = new Set(['over', 'in', 'next', 'no', 'near', 'left', 'right', 'front'])
