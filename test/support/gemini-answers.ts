import sharp from 'sharp'

/** The body of a `generateContent` request, as far as the stand-in looks at it. */
export type GeminiBody = {
  service_tier?: string
  contents: { role?: string; parts: GeminiPart[] }[]
  generationConfig?: {
    responseModalities?: string[]
    imageConfig?: { aspectRatio?: string; imageSize?: string }
  }
}
type GeminiPart = {
  text?: string
  thought?: boolean
  inlineData?: { mimeType: string; data: string }
}

/** A small image in the asked ratio, of a colour of its own for each number. */
export const makeImage = async (number: number, body: GeminiBody): Promise<GeminiPart> => {
  const [w = 1, h = 1] = (body.generationConfig?.imageConfig?.aspectRatio ?? '1:1')
    .split(':')
    .map(Number)
  const size = {
    width: Math.round((64 * w) / Math.max(w, h)),
    height: Math.round((64 * h) / Math.max(w, h)),
  }
  const png = await sharp({ create: { ...size, channels: 3, background: colourOf(number) } })
    .png()
    .toBuffer()
  return { inlineData: { mimeType: 'image/png', data: png.toString('base64') } }
}

/** The colour of the image of call `number`, all different up to 65,536. */
export const colourOf = (number: number) => ({
  r: (number * 71) % 256,
  g: ((number >> 4) * 53 + 90) % 256,
  b: ((number >> 8) * 37 + 160) % 256,
})

/** What Google counts for one image at 1K. */
export const usageMetadata = {
  promptTokenCount: 12,
  candidatesTokenCount: 1_120,
  totalTokenCount: 1_132,
  promptTokensDetails: [{ modality: 'TEXT', tokenCount: 12 }],
  candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 1_120 }],
}

export const answerOf = (
  parts: GeminiPart[],
  { finishReason = 'STOP', usage = usageMetadata as object | false } = {},
) => ({
  candidates: [{ content: { role: 'model', parts }, finishReason, index: 0 }],
  ...(usage && { usageMetadata: usage }),
  modelVersion: 'stand-in',
  responseId: 'stand-in',
})

/** An error as Google's API words it (google.rpc.Status in JSON). */
export const errorOf = (code: number, status: string, message: string, details?: object[]) => ({
  error: { code, message, status, ...(details && { details }) },
})

export const errorInfo = (reason: string) => ({
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason,
  domain: 'googleapis.com',
})

export const retryInfo = (retryDelay: string) => ({
  '@type': 'type.googleapis.com/google.rpc.RetryInfo',
  retryDelay,
})
