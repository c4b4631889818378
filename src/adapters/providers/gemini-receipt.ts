import type { Tier } from '../../contract/vocabulary.ts'
import type { CallReceipt } from '../../lib/call-receipt.ts'
import type { GeminiAnswer } from './gemini-answer.ts'
import { createReceipt } from './receipt.ts'

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
  const basis = typeof counted === 'number' ? 'measured' : 'listed'
  return createReceipt({ usage, responseId, tier, priceVersion, basis })
}
