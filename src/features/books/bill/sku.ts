import type { SkuKind, TokenKind } from '../kinds.ts'

/** What a line of a bill is of. */
export type SkuReading = { model: string | undefined; tier: string; kind: SkuKind }

type Stated = { model?: string | undefined; tier?: string | undefined; kind?: string | undefined }

/**
 * Reads model, tier and kind of token out of a description as Google and OpenAI write them ("Generate_content image output token count
 * for Gemini 3 Pro Image batch", "gpt-image-2, image output"); what is stated goes before. `models`: the names of those that may be
 * meant, the longest that stands there is.
 */
export const readSku = (
  description: string,
  stated: Stated,
  models: readonly string[],
): SkuReading => {
  const words = toWords(description)
  const named = stated.model?.replace(/^.*\//, '')
  const model = findModel(named === undefined ? words : toWords(named), models)
  const rest = model === undefined ? words : without(words, toWords(model))
  return {
    model,
    tier: stated.tier?.toLowerCase() ?? findTier(rest),
    kind: toKind(stated.kind) ?? findKind(rest),
  }
}

const toWords = (text: string): string[] =>
  text
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9.]+/)
    .filter((word) => word !== '')

const findModel = (words: readonly string[], models: readonly string[]): string | undefined =>
  [...models]
    .sort((a, b) => b.length - a.length)
    .find((model) => findWithin(words, toWords(model)) >= 0)

const findWithin = (words: readonly string[], wanted: readonly string[]): number =>
  words.findIndex((_, at) => wanted.every((word, i) => words[at + i] === word))

const without = (words: readonly string[], gone: readonly string[]): string[] => {
  const at = findWithin(words, gone)
  return at < 0 ? [...words] : [...words.slice(0, at), ...words.slice(at + gone.length)]
}

const findTier = (words: readonly string[]): string =>
  ['batch', 'flex', 'priority'].find((tier) => words.includes(tier)) ?? 'standard'

/** Google's "output … short input text" is output, and "text non-thinking" is no thinking. */
const findKind = (words: readonly string[]): SkuKind => {
  const has = (...wanted: string[]) => wanted.some((word) => words.includes(word))
  if (has('cached', 'caching', 'cache')) return 'cachedIn'
  const isThinking = has('thinking', 'reasoning', 'thoughts') && !has('non')
  if (isThinking) return 'thinking'
  if (has('output', 'out', 'response')) {
    return has('image') ? 'imageOut' : has('text') ? 'textOut' : 'out'
  }
  if (has('tool')) return 'toolUse'
  if (has('input', 'prompt', 'embed', 'embedding')) {
    return has('image') ? 'imageIn' : has('text') ? 'textIn' : 'in'
  }
  return 'all'
}

const KINDS: Record<SkuKind, true> = {
  textIn: true,
  imageIn: true,
  cachedIn: true,
  toolUse: true,
  textOut: true,
  thinking: true,
  imageOut: true,
  in: true,
  out: true,
  all: true,
}

const toKind = (text: string | undefined): SkuKind | undefined => {
  if (text === undefined) return undefined
  return text in KINDS ? (text as SkuKind) : findKind(toWords(text))
}

/**
 * Which line of a bill has the tokens of a kind, of those that the bill has for the model: Google counts thoughts as output text, and
 * pictures in a prompt as input, where it has no line of their own.
 */
export const chooseKind = (kind: TokenKind, onBill: ReadonlySet<SkuKind>): SkuKind =>
  CANDIDATES[kind].find((candidate) => onBill.has(candidate)) ?? kind

const CANDIDATES: Record<TokenKind, readonly SkuKind[]> = {
  textIn: ['textIn', 'in', 'all'],
  imageIn: ['imageIn', 'in', 'textIn', 'all'],
  cachedIn: ['cachedIn', 'in', 'textIn', 'all'],
  toolUse: ['toolUse', 'textIn', 'in', 'all'],
  textOut: ['textOut', 'out', 'all'],
  thinking: ['thinking', 'textOut', 'out', 'all'],
  imageOut: ['imageOut', 'out', 'all'],
}
