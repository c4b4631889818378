import { createHash } from 'node:crypto'
import type { Provider } from '../../generation/ports.ts'
import { startDeadline } from '../../lib/deadline.ts'
import { keepOpenaiAnswer, listSent, parseOpenaiAnswer } from './openai-answer.ts'
import { createAsk } from './openai-ask.ts'
import { fromOpenaiAnswer } from './openai-error.ts'
import { createReceive } from './openai-pictures.ts'
import { createOpenaiPrices } from './openai-prices.ts'
import { toOpenaiRequest } from './openai-request.ts'
import type { PriceTable } from './price-table.ts'
import { createProviderError } from './provider-error.ts'
import { createReceipt } from './receipt.ts'

export type OpenaiProviderConfig = {
  apiKey: string
  /** What it offers, the default first. */
  models: readonly [string, ...string[]]
  /** Ends with the version, as `https://api.openai.com/v1`. */
  baseUrl: string
  /** Bounds one whole call, from the connection to the last byte of its pictures. */
  timeoutMs: number
  prices: PriceTable
  /** For development: pictures may be at addresses that are not public. */
  isPrivateAllowed: boolean
}

/** OpenAI's image models, and whatever else speaks their API. */
export const createOpenaiProvider = (given: OpenaiProviderConfig): Provider => {
  const config = { ...given, baseUrl: given.baseUrl.replace(/\/+$/, '') }
  const ask = createAsk(config)
  const receive = createReceive(config)
  const prices = createOpenaiPrices(config.prices)
  return {
    name: 'openai',
    account: createHash('sha256').update(config.apiKey).digest('hex').slice(0, 12),
    defaultModel: config.models[0],
    models: prices.listModels(config.models),
    takesKeys: true,
    estimateNanoUsd: prices.estimateCall,
    call: async (request, signal) => {
      signal.throwIfAborted()
      const { model, imageSize, apiKey = config.apiKey } = request
      const deadline = startDeadline(config.timeoutMs, signal)
      try {
        const { json, requestId } = await ask(toOpenaiRequest(request), { model, apiKey }, deadline)
        const answer = parseOpenaiAnswer(json)
        const sent = listSent(answer)
        const { nanoUsd, basis } = prices.costAnswer(model, imageSize, sent.length, answer.usage)
        const receipt = createReceipt({
          usage: (json as { usage?: unknown }).usage,
          responseId: requestId,
          priceVersion: config.prices.version,
          basis,
        })
        const received = await receive(sent, apiKey, deadline.signal)
        const [bytes, ...others] = received.map((each) => each.bytes)
        if (bytes) {
          const places = received.map(({ at }) => at)
          return {
            bytes,
            others,
            costNanoUsd: nanoUsd,
            receipt,
            answer: keepOpenaiAnswer(json, places),
          }
        }
        // Without a picture and without a count nobody has said what it costs.
        const paid = { receipt, costNanoUsd: basis === 'measured' ? nanoUsd : undefined }
        if (answer.error != null) throw fromOpenaiAnswer(answer.error, { model, ...paid })
        throw sent.length > 0
          ? createProviderError('ambiguous', 'The image was made, and could not be fetched.', paid)
          : createProviderError('no_image', 'The image model answered without an image.', paid)
      } catch (error) {
        signal.throwIfAborted()
        throw error
      } finally {
        deadline.clear()
      }
    },
  }
}
