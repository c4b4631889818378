import { z } from 'zod'

/** As OpenAI counts what a call took (API reference, "Images", `usage`). */
export type Usage = {
  total_tokens: number
  input_tokens: number
  output_tokens: number
  input_tokens_details: { text_tokens: number; image_tokens: number }
  output_tokens_details: { text_tokens: number; image_tokens: number }
}

const detailsSchema = z
  .array(z.object({ modality: z.string().optional(), tokenCount: z.number().optional() }))
  .optional()
  .catch(undefined)

const countSchema = z.number().optional().catch(undefined)

/** As Gemini tells it (API reference, "UsageMetadata"). */
const geminiSchema = z.object({
  usageMetadata: z.object({
    promptTokenCount: countSchema,
    candidatesTokenCount: countSchema,
    thoughtsTokenCount: countSchema,
    promptTokensDetails: detailsSchema,
    candidatesTokensDetails: detailsSchema,
  }),
})
type Counted = z.output<typeof geminiSchema>['usageMetadata']

const ofKindsSchema = z
  .object({ text_tokens: countSchema, image_tokens: countSchema })
  .optional()
  .catch(undefined)

/** As OpenAI tells it. */
const openaiSchema = z.object({
  usage: z.object({
    input_tokens: countSchema,
    output_tokens: countSchema,
    input_tokens_details: ofKindsSchema,
    output_tokens_details: ofKindsSchema,
  }),
})
type CountedByKind = z.output<typeof openaiSchema>['usage']

/** What the call took that was answered so; undefined where that is not said. */
export const usageOf = (answer: unknown): Usage | undefined => {
  const geminis = geminiSchema.safeParse(answer)
  if (geminis.success) return toUsage(geminis.data.usageMetadata)
  const openais = openaiSchema.safeParse(answer)
  return openais.success ? complete(openais.data.usage) : undefined
}

/** Of several pictures; undefined where none is on record. */
export const sumUsage = (usages: readonly (Usage | undefined)[]): Usage | undefined => {
  const known = usages.filter((usage) => usage !== undefined)
  return known.length === 0 ? undefined : known.reduce(add)
}

export const NO_USAGE: Usage = {
  total_tokens: 0,
  input_tokens: 0,
  output_tokens: 0,
  input_tokens_details: { text_tokens: 0, image_tokens: 0 },
  output_tokens_details: { text_tokens: 0, image_tokens: 0 },
}

/** What is not told apart is text on its way in, and a picture on its way out. */
const complete = (counted: CountedByKind): Usage => {
  const input = counted.input_tokens ?? 0
  const output = counted.output_tokens ?? 0
  const imagesIn = Math.min(input, counted.input_tokens_details?.image_tokens ?? 0)
  const textOut = Math.min(output, counted.output_tokens_details?.text_tokens ?? 0)
  return {
    total_tokens: input + output,
    input_tokens: input,
    output_tokens: output,
    input_tokens_details: { text_tokens: input - imagesIn, image_tokens: imagesIn },
    output_tokens_details: { text_tokens: textOut, image_tokens: output - textOut },
  }
}

/** Thoughts are paid for as what comes out, and are text. */
const toUsage = (counted: Counted): Usage => {
  const input = counted.promptTokenCount ?? 0
  const output = (counted.candidatesTokenCount ?? 0) + (counted.thoughtsTokenCount ?? 0)
  const ofImagesIn = Math.min(input, countImages(counted.promptTokensDetails))
  const ofImagesOut = Math.min(output, countImages(counted.candidatesTokensDetails))
  return {
    total_tokens: input + output,
    input_tokens: input,
    output_tokens: output,
    input_tokens_details: { text_tokens: input - ofImagesIn, image_tokens: ofImagesIn },
    output_tokens_details: { text_tokens: output - ofImagesOut, image_tokens: ofImagesOut },
  }
}

const countImages = (details: Counted['promptTokensDetails'] = []): number =>
  details
    .filter(({ modality }) => modality === 'IMAGE')
    .reduce((sum, { tokenCount = 0 }) => sum + tokenCount, 0)

const add = (a: Usage, b: Usage): Usage => ({
  total_tokens: a.total_tokens + b.total_tokens,
  input_tokens: a.input_tokens + b.input_tokens,
  output_tokens: a.output_tokens + b.output_tokens,
  input_tokens_details: addDetails(a.input_tokens_details, b.input_tokens_details),
  output_tokens_details: addDetails(a.output_tokens_details, b.output_tokens_details),
})

type Details = Usage['input_tokens_details']

const addDetails = (a: Details, b: Details): Details => ({
  text_tokens: a.text_tokens + b.text_tokens,
  image_tokens: a.image_tokens + b.image_tokens,
})
