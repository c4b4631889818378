import type { CallReceipt } from '../../lib/call-receipt.ts'
import { keepJson } from './gemini-kept-answer.ts'

/** Its counts take some hundred; more is no usage. */
const MAX_USAGE_CHARACTERS = 16_384
const MAX_ID_CHARACTERS = 200

type Said = Pick<CallReceipt, 'tier' | 'priceVersion' | 'basis'> & {
  usage: unknown
  responseId: unknown
}

/** What an answer says of the call, as far as it is to be kept with what it cost. */
export const createReceipt = ({ usage, responseId, tier, ...found }: Said): CallReceipt => ({
  ...(isKept(usage) && { usage: keepJson(usage) }),
  ...(typeof responseId === 'string' && {
    responseId: String(keepJson(responseId.slice(0, MAX_ID_CHARACTERS))),
  }),
  ...(tier && { tier }),
  ...found,
})

const isKept = (usage: unknown): boolean =>
  typeof usage === 'object' &&
  usage !== null &&
  JSON.stringify(usage).length <= MAX_USAGE_CHARACTERS
