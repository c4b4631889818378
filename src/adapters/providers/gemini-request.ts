import type { GenerateContentRequest, Part } from '@google/generative-ai'
import type { ProviderRequest } from '../../generation/ports.ts'

/** The body of `generateContent` for one image. */
export const toGeminiRequest = (request: ProviderRequest): GenerateContentRequest => {
  const generationConfig = {
    responseModalities: ['TEXT', 'IMAGE'],
    imageConfig: {
      imageSize: request.imageSize,
      ...(request.aspectRatio && { aspectRatio: request.aspectRatio }),
    },
  }
  // The SDK's types know neither field; it sends them as they are.
  return {
    contents: [{ role: 'user', parts: toParts(request) }],
    generationConfig,
  } as GenerateContentRequest
}

const toParts = ({ prompt, transformation, conditionImage }: ProviderRequest): Part[] => {
  if (!conditionImage) return [{ text: prompt }]
  const { bytes, mimeType } = conditionImage
  return [
    { text: transformation === 'enhance' ? enhanceInstruction(prompt) : prompt },
    { inlineData: { mimeType, data: Buffer.from(bytes).toString('base64') } },
  ]
}

const enhanceInstruction = (prompt: string): string =>
  `Improve the attached image and return the improved image.
Keep its content: the same subjects, faces, identities, poses, text, composition and framing. Add nothing, remove nothing and move nothing, unless the wish below asks for it.
Better its quality: sharper detail, cleaner edges, natural light and contrast, balanced colours, no noise and no compression artefacts.
The wish to follow while doing so: ${prompt}`
