/** A piece of a prompt: a word in lower case, text in quotes as it is written, or a break between clauses. */
export type Token = { kind: 'word' | 'quote' | 'break'; text: string; isCapital: boolean }

const PATTERN = new RegExp(
  [
    '"(?<double>[^"]*)"',
    String.raw`(?<![\p{L}\p{N}])'(?<single>[^'\n]+)'(?![\p{L}\p{N}])`,
    String.raw`(?<number>(?<![\p{L}\p{N}])-?\d+(?:[.,:]\d+)+(?![\p{L}\p{N}])|(?<=^|\s)-\d+(?![\p{L}\p{N}]))`,
    String.raw`(?<word>[\p{L}\p{M}\p{N}]+(?:'[\p{L}\p{M}]+)*)`,
    String.raw`(?<break>(?:[,;.:!?()\[\]{}|\n、。–—]|--|(?<=\s)-(?=\s))+)`,
    String.raw`(?<hyphen>(?<=[\p{L}\p{N}])-(?=[\p{L}\p{N}]))`,
    String.raw`(?<symbol>\S)`,
  ].join('|'),
  'gu',
)

/** The words, quotes and breaks of a prompt. Unicode NFC, as NFKC would make "102" of "10²"; a hyphen inside a word is a space. */
export const tokenize = (prompt: string): Token[] => {
  const text = prompt
    .toWellFormed()
    .normalize('NFC')
    .replace(/[“”„«»]/gu, '"')
    .replace(/[‘’]/gu, "'")
  const tokens = [...text.matchAll(PATTERN)].flatMap(({ groups = {} }) => tokensOf(groups))
  return trimBreaks(tokens)
}

const tokensOf = (groups: Record<string, string | undefined>): Token[] => {
  const quote = groups.double ?? groups.single
  if (quote !== undefined) return [{ kind: 'quote', text: quote, isCapital: false }]
  if (groups.break !== undefined) return [{ kind: 'break', text: ',', isCapital: false }]
  const word = groups.number ?? groups.word ?? groups.symbol
  if (word === undefined) return []
  return [{ kind: 'word', text: word.toLowerCase(), isCapital: /^\p{Lu}/u.test(word) }]
}

/** Without breaks at the ends and with one where there were several. */
const trimBreaks = (tokens: Token[]): Token[] => {
  const single = tokens.filter(
    (token, index) => token.kind !== 'break' || tokens[index - 1]?.kind !== 'break',
  )
  const from = single[0]?.kind === 'break' ? 1 : 0
  return single.slice(from, single.at(-1)?.kind === 'break' ? -1 : undefined)
}
