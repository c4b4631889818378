import { type GenerateContentResponse, GoogleGenAI } from '@google/genai'
import {
  type Ask,
  type Client,
  fromBase64,
  type Target,
  toInlinePart,
  variantHeader,
} from '../kit/client.ts'

const model = 'gemini-nano-banana-2.1'

export const googleGenai: Client = {
  name: '@google/genai',
  packages: ['@google/genai'],
  page: 'google-genai.md',
  make: async (target, ask) =>
    picturesOf(await connect(target).models.generateContent(toWish(ask))),
  stream: async (target, ask) => {
    const pictures: Uint8Array[] = []
    for await (const chunk of await connect(target).models.generateContentStream(toWish(ask))) {
      pictures.push(...picturesOf(chunk))
    }
    return pictures
  },
  errors: {
    'a refusal': { name: 'Error' },
    'a budget used up': { name: 'ApiError', status: 429 },
    'the model down': { name: 'ApiError', status: 503 },
    'a wrong key': { name: 'ApiError', status: 401 },
  },
  lacks: {
    'three of the same words':
      'Gemini answers one picture a call; set a seed or a variant for each',
  },
}

const connect = ({ url, key }: Target) =>
  new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: `${url}/gemini` } })

const toWish = (ask: Ask) => {
  const { words, photos = [], isWide, isLarge, signal } = ask
  return {
    model,
    contents: [{ role: 'user', parts: [{ text: words }, ...photos.map(toInlinePart)] }],
    config: {
      responseModalities: ['IMAGE'],
      imageConfig: { ...(isWide && { aspectRatio: '16:9' }), ...(isLarge && { imageSize: '2K' }) },
      httpOptions: { headers: variantHeader(ask) },
      ...(signal && { abortSignal: signal }),
    },
  }
}

/** As apps read them: a prompt that was blocked has an answer without candidates. */
const picturesOf = ({ candidates, promptFeedback }: GenerateContentResponse): Uint8Array[] => {
  if (promptFeedback?.blockReason) throw new Error(`blocked: ${promptFeedback.blockReason}`)
  const parts = (candidates ?? []).flatMap(({ content }) => content?.parts ?? [])
  return parts.flatMap(({ inlineData }) => (inlineData ? [fromBase64(inlineData.data)] : []))
}
