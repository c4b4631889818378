import {
  type EnhancedGenerateContentResponse,
  type GenerationConfig,
  GoogleGenerativeAI,
  type Part,
} from '@google/generative-ai'
import {
  type Ask,
  type Client,
  fromBase64,
  type Target,
  toInlinePart,
  variantHeader,
} from '../kit/client.ts'

const model = 'gemini-nano-banana-2.1'

export const googleGenerativeAi: Client = {
  name: '@google/generative-ai',
  packages: ['@google/generative-ai'],
  page: 'google-generative-ai.md',
  make: async (target, ask) => {
    const { response } = await connect(target, ask).generateContent(toWish(ask), signalOf(ask))
    return picturesOf(response)
  },
  stream: async (target, ask) => {
    const { stream } = await connect(target, ask).generateContentStream(toWish(ask), signalOf(ask))
    const pictures: Uint8Array[] = []
    for await (const chunk of stream) pictures.push(...picturesOf(chunk))
    return pictures
  },
  errors: {
    'a refusal': { name: 'GoogleGenerativeAIResponseError' },
    'a budget used up': { name: 'GoogleGenerativeAIFetchError', status: 429 },
    'the model down': { name: 'GoogleGenerativeAIFetchError', status: 503 },
    'a wrong key': { name: 'GoogleGenerativeAIFetchError', status: 401 },
  },
  lacks: {
    'three of the same words':
      'Gemini answers one picture a call; set a seed or a variant for each',
  },
}

const connect = ({ url, key }: Target, ask: Ask) =>
  new GoogleGenerativeAI(key).getGenerativeModel(
    { model },
    { baseUrl: `${url}/gemini`, customHeaders: variantHeader(ask) },
  )

const signalOf = ({ signal }: Ask) => (signal ? { signal } : {})

/** Its types end before image models; it sends what it is given. */
const toWish = ({ words, photos = [], isWide, isLarge }: Ask) => {
  const parts: Part[] = [{ text: words }, ...photos.map(toInlinePart)]
  const imageConfig = {
    ...(isWide && { aspectRatio: '16:9' }),
    ...(isLarge && { imageSize: '2K' }),
  }
  const generationConfig = {
    responseModalities: ['TEXT', 'IMAGE'],
    imageConfig,
  } as GenerationConfig
  return { contents: [{ role: 'user', parts }], generationConfig }
}

const picturesOf = (response: EnhancedGenerateContentResponse): Uint8Array[] => {
  // Throws the client's own error for a prompt that was blocked.
  response.text()
  const parts = (response.candidates ?? []).flatMap(({ content }) => content?.parts ?? [])
  return parts.flatMap(({ inlineData }) => (inlineData ? [fromBase64(inlineData.data)] : []))
}
