import type { GenerationRequestInput } from '../../src/client.ts'

/** A line for a POSIX shell that asks for exactly this; `$TOKEN` is the caller's. */
export const writeCurl = (origin: string, request: GenerationRequestInput): string =>
  [
    `curl -s ${quote(`${origin}/api/visualize/generate`)}`,
    '-H "Authorization: Bearer $TOKEN"',
    "-H 'Content-Type: application/json'",
    "-H 'Prefer: wait=60'",
    `-d ${quote(JSON.stringify(request))}`,
  ].join(' \\\n  ')

/** A module that asks for exactly this by the client library. */
export const writeTypeScript = (origin: string, request: GenerationRequestInput): string =>
  `import { createImageonceClient } from 'imageonce/client'

const client = createImageonceClient({
  baseUrl: ${JSON.stringify(origin)},
  token: process.env.TOKEN ?? '',
})

const result = await client.generate(${JSON.stringify(request, null, 2)})

console.log(result.imageUrl, result.error)
`

/** A module that asks for exactly this by Google's SDK; undefined for what that can't say. */
export const writeGoogle = (
  origin: string,
  { prompt, aspectRatio, imageSize, seed, thinkingLevel, ...asked }: Asked,
): string | undefined => {
  const { model, ...more } = asked
  if (Object.keys(more).length > 0) return undefined
  const imageConfig = { ...(aspectRatio && { aspectRatio }), ...(imageSize && { imageSize }) }
  const config = {
    responseModalities: ['IMAGE'],
    ...(Object.keys(imageConfig).length > 0 && { imageConfig }),
    ...(seed !== undefined && { seed }),
    ...(thinkingLevel && { thinkingConfig: { thinkingLevel: thinkingLevel.toUpperCase() } }),
  }
  return `import { GoogleGenAI } from '@google/genai'

const ai = new GoogleGenAI({
  apiKey: process.env.TOKEN,
  httpOptions: { baseUrl: ${JSON.stringify(`${origin}/gemini`)} },
})

const answer = await ai.models.generateContent(${JSON.stringify({ model, contents: prompt, config }, null, 2)})

const picture = Buffer.from(answer.data ?? '', 'base64')
`
}

/** The same by OpenAI's. */
export const writeOpenai = (
  origin: string,
  { prompt, model, ...more }: Asked,
): string | undefined =>
  Object.keys(more).length > 0
    ? undefined
    : `import OpenAI from 'openai'

const client = new OpenAI({
  apiKey: process.env.TOKEN,
  baseURL: ${JSON.stringify(`${origin}/openai/v1`)},
})

const { data } = await client.images.generate(${JSON.stringify({ model, prompt }, null, 2)})

const picture = Buffer.from(data[0].b64_json, 'base64')
`

/** A request that names its model. */
type Asked = GenerationRequestInput & { model: string }

/** In single quotes nothing has a meaning but their end. */
const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
