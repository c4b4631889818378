import { randomUUID } from 'node:crypto'
import type { ProviderRequest, StoredImage } from '../../generation/ports.ts'
import { enhanceInstruction, negativeInstruction } from './instructions.ts'
import { toPixels } from './openai-size.ts'
import { createProviderError } from './provider-error.ts'

export type OpenaiRequest = {
  path: string
  contentType: string
  body: string | Uint8Array<ArrayBuffer>
}

/**
 * What asks an OpenAI-shaped server for one image: `/images/generations` for words alone, `/images/edits` where pictures are given. Throws
 * `invalid_request` for what only another provider knows.
 */
export const toOpenaiRequest = (request: ProviderRequest): OpenaiRequest => {
  if (request.providerRequest) {
    throw createProviderError('invalid_request', 'The request is in the words of another provider.')
  }
  const fields = describeFields(request)
  if (request.conditionImages.length === 0) {
    const body = JSON.stringify({ ...fields, n: 1 })
    return { path: '/images/generations', contentType: 'application/json', body }
  }
  return { path: '/images/edits', ...toForm({ ...fields, n: '1' }, request.conditionImages) }
}

const describeFields = (request: ProviderRequest) => {
  const { model, imageSize } = request
  const isOpenais = isGptImage(model)
  return {
    model,
    prompt: toPrompt(request),
    size: toPixels(request, isOpenais),
    // Others have no qualities, and these answer in base64 alone and refuse to be told so.
    ...(isOpenais ? { quality: QUALITY[imageSize] } : { response_format: 'b64_json' }),
  }
}

/** OpenAI's own models, under whichever name a gateway has them. */
const isGptImage = (model: string): boolean => /(^|\/)(chatgpt|gpt)-image-/.test(model)

/** Who wants more pixels wants them to be worth it (ADR 79). */
const QUALITY = { '1K': 'medium', '2K': 'high', '4K': 'high' } as const

const toPrompt = ({ prompt, transformation, conditionImages, details }: ProviderRequest) => {
  const isEnhanced = conditionImages.length > 0 && transformation === 'enhance'
  const without = details?.negativePrompt
  return [
    isEnhanced ? enhanceInstruction(prompt) : prompt,
    ...(without === undefined ? [] : [negativeInstruction(without)]),
  ].join('\n\n')
}

/** As `FormData` would be sent, which makes other line breaks of those in the prompt. */
const toForm = (
  fields: Record<string, string>,
  images: readonly StoredImage[],
): Pick<OpenaiRequest, 'contentType' | 'body'> => {
  const boundary = `imageonce-${randomUUID()}`
  // Servers that take one only know no list.
  const name = images.length > 1 ? 'image[]' : 'image'
  const parts = [
    ...Object.entries(fields).map(([field, value]) => ({ head: nameOf(field), value })),
    ...images.map(({ bytes, mimeType }, at) => ({
      head: `${nameOf(name)}; filename="${at}.${mimeType.replace(/^.*\//, '')}"\r\ncontent-type: ${mimeType}`,
      value: bytes,
    })),
  ]
  const sent = parts.flatMap(({ head, value }) => [
    Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`),
    Buffer.from(value),
    Buffer.from('\r\n'),
  ])
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: Buffer.concat([...sent, Buffer.from(`--${boundary}--\r\n`)]),
  }
}

const nameOf = (field: string): string => `content-disposition: form-data; name="${field}"`
