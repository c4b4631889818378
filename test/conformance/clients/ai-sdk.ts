import { createFal } from '@ai-sdk/fal'
import { createGoogle } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateImage, type ImageModel } from 'ai'
import {
  type Ask,
  type Client,
  type ExpectedError,
  type Failing,
  type Target,
  variantHeader,
} from '../kit/client.ts'

type Connect = (target: Target) => ImageModel

/** Those who speak of a shape in pixels, and those who do so as a ratio. */
type Says = 'size' | 'aspectRatio'

const createMake =
  (connect: Connect, says: Says): Client['make'] =>
  async (target, ask) => {
    const { words, photos, count, signal } = ask
    const { images } = await generateImage({
      model: connect(target),
      prompt: photos ? { text: words, images: [...photos] } : words,
      maxRetries: 0,
      headers: variantHeader(ask),
      ...(count && { n: count }),
      ...shapeOf(ask, says),
      ...(signal && { abortSignal: signal }),
    })
    return images.map(({ uint8Array }) => uint8Array)
  }

const shapeOf = ({ isWide, isLarge }: Ask, says: Says) => {
  if (isLarge && says === 'size') return { size: '2048x2048' as const }
  if (!isWide) return {}
  return says === 'size' ? { size: '1536x1024' as const } : { aspectRatio: '16:9' as const }
}

const errors = (refusal: ExpectedError): Record<Failing, ExpectedError> => ({
  'a refusal': refusal,
  'a budget used up': { name: 'AI_APICallError', status: 429 },
  'the model down': { name: 'AI_APICallError', status: 503 },
  'a wrong key': { name: 'AI_APICallError', status: 401 },
})

const noStream = { 'a stream': 'generateImage has none' }

export const aiSdkOpenai: Client = {
  name: 'ai with @ai-sdk/openai',
  packages: ['@ai-sdk/openai', 'ai'],
  page: 'ai-sdk-openai.md',
  make: createMake(
    ({ url, key }) =>
      createOpenAI({ baseURL: `${url}/openai/v1`, apiKey: key }).image('gpt-image-2'),
    'size',
  ),
  errors: errors({ name: 'AI_APICallError', status: 400 }),
  lacks: noStream,
}

export const aiSdkOpenaiCompatible: Client = {
  name: 'ai with @ai-sdk/openai-compatible',
  packages: ['@ai-sdk/openai-compatible', 'ai'],
  page: 'ai-sdk-openai.md',
  make: createMake(
    ({ url, key }) =>
      createOpenAICompatible({
        name: 'imageonce',
        baseURL: `${url}/openai/v1`,
        apiKey: key,
      }).imageModel('gemini-nano-banana-2.1'),
    'size',
  ),
  errors: errors({ name: 'AI_APICallError', status: 400 }),
  lacks: noStream,
}

export const aiSdkGoogle: Client = {
  name: 'ai with @ai-sdk/google',
  packages: ['@ai-sdk/google', 'ai'],
  page: 'ai-sdk-google.md',
  make: createMake(
    ({ url, key }) =>
      createGoogle({ baseURL: `${url}/gemini/v1beta`, apiKey: key }).image(
        'gemini-nano-banana-2.1',
      ),
    'aspectRatio',
  ),
  errors: errors({ name: 'AI_NoImageGeneratedError' }),
  asksInParallel: true,
  lacks: { ...noStream, large: 'by providerOptions.google.imageConfig only' },
}

export const aiSdkFal: Client = {
  name: 'ai with @ai-sdk/fal',
  packages: ['@ai-sdk/fal', 'ai'],
  page: 'ai-sdk-fal.md',
  make: createMake(
    ({ url, key }) =>
      createFal({ baseURL: `${url}/fal/run`, apiKey: key }).image('fal-ai/nano-banana'),
    'aspectRatio',
  ),
  errors: {
    ...errors({ name: 'AI_APICallError', status: 422 }),
    'a budget used up': { name: 'AI_APICallError', status: 403 },
    'the model down': { name: 'AI_APICallError', status: 500 },
  },
  asksInParallel: true,
  lacks: {
    ...noStream,
    large: 'by providerOptions.fal only',
    'an edit of three': 'by providerOptions.fal.useMultipleImages only; else it sends the first',
  },
}
