import { z } from 'zod'
import { keepJson } from './gemini-kept-answer.ts'
import { createProviderError } from './provider-error.ts'

const countSchema = z.number().nonnegative().nullish().catch(undefined)

const detailsSchema = z
  .object({ text_tokens: countSchema, image_tokens: countSchema, cached_tokens: countSchema })
  .nullish()
  .catch(undefined)

const textSchema = z.string().nullish().catch(undefined)

/** What of an answer is read (OpenAI API reference, "Images"). */
const answerSchema = z.object({
  data: z
    .array(z.object({ b64_json: textSchema, url: textSchema }))
    .nullish()
    .catch(undefined),
  usage: z
    .object({
      input_tokens: countSchema,
      output_tokens: countSchema,
      input_tokens_details: detailsSchema,
      output_tokens_details: detailsSchema,
      /** In US dollars: what gateways charge that sell several providers' models (OpenRouter, "Usage accounting"). */
      cost: countSchema,
    })
    .nullish()
    .catch(undefined),
  /** A gateway in front may answer 200 with what went wrong. */
  error: z.unknown().optional(),
})
export type OpenaiAnswer = z.output<typeof answerSchema>
export type OpenaiUsage = OpenaiAnswer['usage']

/** Throws `ProviderError` `ambiguous` for what is no answer: it came with a 200, so it may be on the bill. */
export const parseOpenaiAnswer = (json: unknown): OpenaiAnswer => {
  const parsed = answerSchema.safeParse(json)
  if (parsed.success) return parsed.data
  throw createProviderError('ambiguous', 'The image model sent an answer that could not be read.')
}

/** A picture as it comes: its bytes, or where they are. `at`: its place in the answer. */
export type Sent = { at: number } & ({ bytes: Uint8Array } | { url: string })

/** The pictures of an answer, in its order: each is on the bill. */
export const listSent = ({ data }: OpenaiAnswer): Sent[] =>
  (data ?? []).flatMap(({ b64_json: base64, url }, at): Sent[] => {
    const inline = base64 || (url && /^data:[^,]*;base64,(.*)$/s.exec(url)?.[1])
    const bytes = inline ? Buffer.from(inline, 'base64') : undefined
    if (bytes && bytes.length > 0) return [{ at, bytes }]
    return url && !url.startsWith('data:') ? [{ at, url }] : []
  })

/**
 * An answer as it is kept, whole but for its pictures, addresses of them among these: `{"$image": k}` stands for the k-th that was
 * received. `places`: where those stand in the answer; what was not received is left out.
 */
export const keepOpenaiAnswer = (json: unknown, places: readonly number[]): unknown => {
  const { data, ...rest } = json as { data: Record<string, unknown>[] }
  const kept = places.map((place, image) => {
    const { b64_json: _base64, url: _url, ...others } = data[place] ?? {}
    return { ...others, b64_json: { $image: image } }
  })
  return keepJson({ ...rest, data: kept })
}
