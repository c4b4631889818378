import type { ProviderRequest, StoredImage } from '../../generation/ports.ts'
import { enhanceInstruction, negativeInstruction } from './instructions.ts'
import { toPixels } from './openai-size.ts'
import { createProviderError } from './provider-error.ts'

export type OpenaiRequest = { path: string; body: string | FormData }

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
    return { path: '/images/generations', body: JSON.stringify({ ...fields, n: 1 }) }
  }
  return { path: '/images/edits', body: toForm({ ...fields, n: '1' }, request.conditionImages) }
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

const toForm = (fields: Record<string, string>, images: readonly StoredImage[]): FormData => {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  // Servers that take one only know no list.
  const name = images.length > 1 ? 'image[]' : 'image'
  for (const [at, { bytes, mimeType }] of images.entries()) {
    const extension = mimeType.replace(/^.*\//, '')
    form.append(name, new Blob([new Uint8Array(bytes)], { type: mimeType }), `${at}.${extension}`)
  }
  return form
}
