import { isObject, type Json } from './json.ts'

/** More than follows the count of tokens in an answer. */
const TAIL_CHARACTERS = 64 * 1024
const NAME = '"usageMetadata"'
const RESPONSE_ID = /"responseId"\s*:\s*"([\w.-]{1,200})"/

/**
 * Reads the last count of tokens and the answer's id out of an answer, or of the events of one, while it goes by. A quotation mark within a string is
 * escaped, so that no words can be taken for it.
 */
export const watchUsage = () => {
  const decoder = new TextDecoder()
  let tail = ''
  const see = (chunk: Uint8Array): void => {
    tail = (tail + decoder.decode(chunk, { stream: true })).slice(-TAIL_CHARACTERS)
  }
  return {
    see,
    find: (): Json | undefined => findUsage(tail),
    findResponseId: (): string | undefined => tail.match(RESPONSE_ID)?.[1],
  }
}

const findUsage = (text: string): Json | undefined => {
  const at = text.lastIndexOf(NAME)
  if (at < 0) return undefined
  const rest = text.slice(at + NAME.length).replace(/^\s*:\s*/, '')
  try {
    const usage = JSON.parse(rest.slice(0, findEnd(rest))) as Json
    return isObject(usage) ? usage : undefined
  } catch {
    return undefined
  }
}

/** Behind the brace that closes the first; a count has none in a string. */
const findEnd = (text: string): number => {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '{') depth++
    if (text[at] === '}' && --depth === 0) return at + 1
  }
  return text.length
}
