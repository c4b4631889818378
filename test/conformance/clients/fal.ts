import { createFalClient } from '@fal-ai/client'
import {
  type Ask,
  type Client,
  fetchPicture,
  type Target,
  toBase64,
  variantHeader,
} from '../kit/client.ts'

type Output = { images: { url: string }[] }

const app = 'fal-ai/nano-banana'

export const fal: Client = {
  name: '@fal-ai/client',
  packages: ['@fal-ai/client'],
  page: 'fal.md',
  make: async (target, ask) => {
    const options = { input: toInput(ask), ...(ask.signal && { abortSignal: ask.signal }) }
    const { data } = await connect(target, ask).subscribe(app, options)
    return fetchAll(data)
  },
  stream: async (target, ask) => {
    const { data } = await connect(target, ask).subscribe(app, {
      input: toInput(ask),
      mode: 'streaming',
    })
    return fetchAll(data)
  },
  errors: {
    'a refusal': { name: 'ValidationError', status: 422 },
    // Of others it would try again by itself, in vain or for money (ADR 73).
    'a budget used up': { name: 'ApiError', status: 403 },
    'the model down': { name: 'ApiError', status: 500 },
    'a wrong key': { name: 'ApiError', status: 401 },
  },
}

/** The client's way to be pointed elsewhere. */
const connect = ({ url, key }: Target, ask: Ask) =>
  createFalClient({
    credentials: key,
    retry: { maxRetries: 0 },
    requestMiddleware: async (request) => ({
      ...request,
      url: request.url.replace('https://queue.fal.run', `${url}/fal`),
      headers: { ...request.headers, ...variantHeader(ask) },
    }),
  })

const toInput = ({ words, photos, count, isWide, isLarge }: Ask) => ({
  prompt: words,
  ...(count && { num_images: count }),
  ...(isWide && { aspect_ratio: '16:9' as const }),
  ...(isLarge && { resolution: '2K' }),
  ...(photos && { image_urls: photos.map((bytes) => `data:image/png;base64,${toBase64(bytes)}`) }),
})

const fetchAll = (output: unknown): Promise<Uint8Array[]> =>
  Promise.all((output as Output).images.map(({ url }) => fetchPicture(url)))
