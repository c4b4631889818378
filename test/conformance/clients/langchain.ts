import { HumanMessage } from '@langchain/core/messages'
import { ChatGoogleGenerativeAI } from '@langchain/google-genai'
import { DallEAPIWrapper } from '@langchain/openai'
import { type Client, fetchPicture, fromBase64, toBase64 } from '../kit/client.ts'

export const langchainOpenai: Client = {
  name: '@langchain/openai',
  packages: ['@langchain/openai'],
  page: 'langchain-openai.md',
  make: async ({ url, key }, { words, count, isWide, isLarge }) => {
    const tool = new DallEAPIWrapper({
      baseUrl: `${url}/openai/v1`,
      apiKey: key,
      ...(count && { n: count }),
      ...(isWide && { size: '1792x1024' }),
      ...(isLarge && { quality: 'hd' }),
    })
    return Promise.all(listUrls(await tool.invoke(words)).map(fetchPicture))
  },
  errors: {
    'a refusal': { name: 'BadRequestError', status: 400 },
    'a budget used up': { name: 'RateLimitError', status: 429 },
    'the model down': { name: 'InternalServerError', status: 503 },
    'a wrong key': { name: 'AuthenticationError', status: 401 },
  },
  asksInParallel: true,
  lacks: {
    'an edit': 'its tool makes new pictures only',
    'an edit of three': 'its tool makes new pictures only',
    'another picture of the same words':
      'its tool takes no header and no seed; say it in the words',
    'a stream': 'its tool has none',
    'hanging up, asking again': 'its tool takes no signal',
  },
}

/** One address, or a part for each. */
const listUrls = (answer: unknown): string[] =>
  typeof answer === 'string'
    ? [answer]
    : (answer as { image_url: string | { url: string } }[]).map(({ image_url }) =>
        typeof image_url === 'string' ? image_url : image_url.url,
      )

export const langchainGoogle: Client = {
  name: '@langchain/google-genai',
  packages: ['@langchain/google-genai', '@langchain/core'],
  page: 'langchain-google.md',
  make: async ({ url, key }, { words, photos = [], variant, signal }) => {
    const model = new ChatGoogleGenerativeAI({
      // It sends images to names that it knows only.
      model: 'gemini-3-pro-image',
      baseUrl: `${url}/gemini`,
      apiKey: key,
      maxRetries: 0,
      ...(variant && { customHeaders: { 'Imageonce-Variant': variant } }),
    })
    const images = photos.map((bytes) => ({
      type: 'image_url',
      image_url: { url: `data:image/png;base64,${toBase64(bytes)}` },
    }))
    const message = new HumanMessage({ content: [{ type: 'text', text: words }, ...images] })
    const { content } = await model.invoke([message], signal ? { signal } : {})
    if (typeof content === 'string') throw new Error('the answer has no picture')
    return content.flatMap((part) =>
      part.type === 'inlineData' ? [fromBase64((part.inlineData as { data: string }).data)] : [],
    )
  },
  errors: {
    'a refusal': { name: 'EmptyContentError' },
    'a budget used up': { name: 'RateLimitCapacityError', status: 429 },
    'the model down': { name: 'GoogleGenerativeAIFetchError', status: 503 },
    'a wrong key': { name: 'GoogleGenerativeAIFetchError', status: 401 },
  },
  lacks: {
    wide: 'it sends no imageConfig',
    large: 'it sends no imageConfig',
    'three of the same words': 'Gemini answers one picture a call',
    'a stream': 'it streams text',
  },
}
