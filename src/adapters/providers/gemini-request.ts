import type { ProviderRequest, ProviderTurn, StoredImage } from '../../generation/ports.ts'
import { enhanceInstruction, negativeInstruction } from './instructions.ts'
import { createProviderError } from './provider-error.ts'

type Part = { text: string } | { inlineData: { mimeType: string; data: string } }
type Signed = Part & { thoughtSignature?: string }

/** The body of `generateContent` for one image: ours, or the provider's own with its images in it. */
export const toGeminiRequest = (request: ProviderRequest): object =>
  request.providerRequest ? (fillImages(request.providerRequest) as object) : describe(request)

const describe = (request: ProviderRequest) => {
  const { aspectRatio, imageSize, details = {} } = request
  const { seed, thinkingLevel, safetySettings, turns = [] } = details
  return {
    contents: [...turns.map(toContent), { role: 'user', parts: toParts(request) }],
    generationConfig: {
      responseModalities: ['TEXT', 'IMAGE'],
      imageConfig: { imageSize, ...(aspectRatio && { aspectRatio }) },
      ...(seed !== undefined && { seed }),
      ...(thinkingLevel && { thinkingConfig: { thinkingLevel } }),
    },
    ...(safetySettings && { safetySettings }),
  }
}

const toContent = ({ role, text, images }: ProviderTurn) => {
  const parts = [...(text === undefined ? [] : [{ text }]), ...images.map(toImagePart)]
  return { role, parts: role === 'model' ? parts.map(withoutSignature) : parts }
}

/**
 * What a model of the third generation said must come back with its signature, or with this word where it has none
 * (ai.google.dev/gemini-api/docs/thought-signatures).
 */
const withoutSignature = (part: Part): Signed => ({
  ...part,
  thoughtSignature: 'skip_thought_signature_validator',
})

const toParts = ({ prompt, transformation, conditionImages, details }: ProviderRequest): Part[] => {
  const isEnhanced = conditionImages.length > 0 && transformation === 'enhance'
  const without = details?.negativePrompt
  return [
    { text: isEnhanced ? enhanceInstruction(prompt) : prompt },
    ...(without === undefined ? [] : [{ text: negativeInstruction(without) }]),
    ...conditionImages.map(toImagePart),
  ]
}

const toImagePart = (image: StoredImage): Part => ({
  inlineData: { mimeType: image.mimeType, data: toBase64(image) },
})

const toBase64 = ({ bytes }: StoredImage): string => Buffer.from(bytes).toString('base64')

/** The body as it is, with base64 where an image is named. */
const fillImages = ({ body, images }: NonNullable<ProviderRequest['providerRequest']>): unknown => {
  const fill = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(fill)
    if (typeof value !== 'object' || value === null) return value
    if ('$image' in value) {
      const image = images[Number(value.$image)]
      if (image) return toBase64(image)
      throw createProviderError('invalid_request', 'The request names an image that it has not.')
    }
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fill(inner)]))
  }
  return fill(body)
}
