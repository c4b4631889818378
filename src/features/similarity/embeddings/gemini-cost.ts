/**
 * List prices of ai.google.dev/gemini-api/docs/pricing in US dollars per million input tokens. A model that is not here is
 * taken to cost as much as the dearest, so that spending never reads as zero.
 */
const USD_PER_MILLION_TOKENS = new Map([
  ['gemini-embedding-001', 0.15],
  ['gemini-embedding-2', 0.2],
])
const DEAREST = Math.max(...USD_PER_MILLION_TOKENS.values())

/** Google's rule of thumb for English (ai.google.dev/gemini-api/docs/tokens). */
const CHARACTERS_PER_TOKEN = 4

/** What texts cost in US dollars; an estimate by their characters where the answer counted no tokens. */
export const costGeminiTexts = (
  model: string,
  texts: readonly string[],
  tokens: number | undefined,
): number => {
  const characters = texts.reduce((sum, text) => sum + text.length, 0)
  const count = tokens ?? Math.ceil(characters / CHARACTERS_PER_TOKEN)
  return (count * (USD_PER_MILLION_TOKENS.get(model) ?? DEAREST)) / 1_000_000
}

/** What they may cost at most: no token is shorter than a character. */
export const estimateGeminiTexts = (model: string, texts: readonly string[]): number =>
  costGeminiTexts(
    model,
    texts,
    texts.reduce((sum, text) => sum + text.length, 0),
  )
