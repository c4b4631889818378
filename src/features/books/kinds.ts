/** What a token is of, by which its price goes. */
export type TokenKind =
  | 'textIn'
  | 'imageIn'
  | 'cachedIn'
  | 'toolUse'
  | 'textOut'
  | 'thinking'
  | 'imageOut'

/** What a line of a bill is of; `in`, `out` and `all` where it does not tell kinds apart. */
export type SkuKind = TokenKind | 'in' | 'out' | 'all'
