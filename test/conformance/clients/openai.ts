import OpenAI, { toFile } from 'openai'
import { type Client, fromBase64, type Target, variantHeader } from '../kit/client.ts'

const model = 'gpt-image-2'

export const openai: Client = {
  name: 'openai',
  packages: ['openai'],
  page: 'openai-node.md',
  make: async (target, ask) => {
    const { images } = connect(target)
    const { words: prompt, photos, count, isWide, isLarge, signal } = ask
    const wish = {
      model,
      prompt,
      ...(count && { n: count }),
      ...(isWide && { size: '1536x1024' as const }),
      ...(isLarge && { size: '2048x2048' as const }),
    }
    const options = { headers: variantHeader(ask), signal: signal ?? null }
    const answer = photos
      ? await images.edit({ ...wish, image: await toFiles(photos) }, options)
      : await images.generate(wish, options)
    return (answer.data ?? []).map(({ b64_json }) => fromBase64(b64_json))
  },
  stream: async (target, { words: prompt }) => {
    const wish = { model, prompt, stream: true, partial_images: 1 } as const
    const pictures: Uint8Array[] = []
    for await (const event of await connect(target).images.generate(wish)) {
      if (event.type === 'image_generation.completed') pictures.push(fromBase64(event.b64_json))
    }
    return pictures
  },
  errors: {
    'a refusal': { name: 'BadRequestError', status: 400 },
    'a budget used up': { name: 'RateLimitError', status: 429 },
    'the model down': { name: 'InternalServerError', status: 503 },
    'a wrong key': { name: 'AuthenticationError', status: 401 },
  },
}

const connect = ({ url, key }: Target) =>
  new OpenAI({ baseURL: `${url}/openai/v1`, apiKey: key, maxRetries: 0 })

const toFiles = (photos: readonly Uint8Array[]) =>
  Promise.all(photos.map((bytes, at) => toFile(bytes, `photo-${at}.png`, { type: 'image/png' })))
