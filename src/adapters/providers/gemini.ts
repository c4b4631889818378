import { createHash } from 'node:crypto'
import { type GenerateContentRequest, GoogleGenerativeAI, type Part } from '@google/generative-ai'
import type { Provider, ProviderRequest } from '../../generation/ports.ts'
import { startDeadline } from '../../lib/deadline.ts'
import { withoutRedirects } from '../../lib/without-redirects.ts'
import { explainNoImage, listGeminiImages, parseGeminiAnswer } from './gemini-answer.ts'
import { fromGeminiAnswer, toGeminiError } from './gemini-error.ts'
import { costGeminiAnswer, estimateGeminiCall, listGeminiModels } from './gemini-prices.ts'
import { traceRequest } from './request-trace.ts'

export type GeminiProviderConfig = {
  apiKey: string
  model: string
  baseUrl: string
  /** Bounds one whole call, from the connection to the last byte of the answer. */
  timeoutMs: number
}

/** Google's image models, by the Gemini API. */
export const createGeminiProvider = (config: GeminiProviderConfig): Provider => {
  const fetchAnswer = createFetchAnswer(config)
  return {
    name: 'gemini',
    account: createHash('sha256').update(config.apiKey).digest('hex').slice(0, 12),
    defaultModel: config.model,
    models: listGeminiModels(config.model),
    estimateUsd: estimateGeminiCall,
    call: async (request, signal) => {
      signal.throwIfAborted()
      const answer = parseGeminiAnswer(await fetchAnswer(request, signal))
      const { model, imageSize, prompt } = request
      const [bytes, ...others] = listGeminiImages(answer)
      const imageCount = bytes ? 1 + others.length : 0
      const paidUsd = costGeminiAnswer(model, imageSize, imageCount, answer.usageMetadata)
      if (bytes) return { bytes, others, costUsd: paidUsd }
      // Without an image and without a count nobody has said what it costs.
      const costUsd = answer.usageMetadata ? paidUsd : undefined
      if (answer.error) throw fromGeminiAnswer(answer.error, { model, costUsd })
      throw explainNoImage(answer, { costUsd, prompt })
    },
  }
}

/** One request, with the total deadline that the SDK lacks: its own timer is never cleared. */
const createFetchAnswer = (config: GeminiProviderConfig) => {
  const client = new GoogleGenerativeAI(config.apiKey)
  const baseUrl = config.baseUrl.replace(/\/+$/, '')
  return async (request: ProviderRequest, signal: AbortSignal): Promise<unknown> => {
    const deadline = startDeadline(config.timeoutMs, signal)
    const call = traceRequest(async () => {
      const model = client.getGenerativeModel({ model: request.model }, { baseUrl })
      return withoutRedirects(() =>
        model.generateContent(toGeminiRequest(request), { signal: deadline.signal }),
      )
    })
    try {
      return (await call.result).response
    } catch (error) {
      signal.throwIfAborted()
      throw toGeminiError(error, {
        model: request.model,
        timeoutMs: config.timeoutMs,
        timedOut: deadline.timedOut(),
        neverSent: call.neverSent(),
      })
    } finally {
      deadline.clear()
    }
  }
}

/** The body of `generateContent` for one image. */
const toGeminiRequest = (request: ProviderRequest): GenerateContentRequest => {
  const generationConfig = {
    responseModalities: ['TEXT', 'IMAGE'],
    imageConfig: {
      imageSize: request.imageSize,
      ...(request.aspectRatio && { aspectRatio: request.aspectRatio }),
    },
  }
  // The SDK's types know neither field; it sends them as they are.
  return {
    contents: [{ role: 'user', parts: toParts(request) }],
    generationConfig,
  } as GenerateContentRequest
}

const toParts = ({ prompt, transformation, conditionImage }: ProviderRequest): Part[] => {
  if (!conditionImage) return [{ text: prompt }]
  const { bytes, mimeType } = conditionImage
  return [
    { text: transformation === 'enhance' ? enhanceInstruction(prompt) : prompt },
    { inlineData: { mimeType, data: Buffer.from(bytes).toString('base64') } },
  ]
}

const enhanceInstruction = (prompt: string): string =>
  `Improve the attached image and return the improved image.
Keep its content: the same subjects, faces, identities, poses, text, composition and framing. Add nothing, remove nothing and move nothing, unless the wish below asks for it.
Better its quality: sharper detail, cleaner edges, natural light and contrast, balanced colours, no noise and no compression artefacts.
The wish to follow while doing so: ${prompt}`
