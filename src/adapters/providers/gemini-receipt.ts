import type { Tier } from '../../contract/vocabulary.ts'
import type { CallReceipt } from '../../lib/call-receipt.ts'
import type { GeminiAnswer } from './gemini-answer.ts'
import { keepJson } from './gemini-kept-answer.ts'

/** Its counts take some hundred; more is no usage. */
const MAX_USAGE_CHARACTERS = 16_384
const MAX_ID_CHARACTERS = 200

/** What an answer says of the call, to be kept with what it cost. */
export const readReceipt = (
  json: unknown,
  { usageMetadata }: Pick<GeminiAnswer, 'usageMetadata'>,
  { priceVersion, tier }: { priceVersion: string; tier?: Tier | undefined },
): CallReceipt => {
  const { usageMetadata: usage, responseId } = json as {
    usageMetadata?: unknown
    responseId?: unknown
  }
  const counted = usageMetadata?.candidatesTokenCount ?? usageMetadata?.promptTokenCount
  return {
    ...(isKept(usage) && { usage: keepJson(usage) }),
    ...(typeof responseId === 'string' && {
      responseId: String(keepJson(responseId.slice(0, MAX_ID_CHARACTERS))),
    }),
    ...(tier && { tier }),
    priceVersion,
    basis: typeof counted === 'number' ? 'measured' : 'listed',
  }
}

const isKept = (usage: unknown): boolean =>
  typeof usage === 'object' &&
  usage !== null &&
  JSON.stringify(usage).length <= MAX_USAGE_CHARACTERS
