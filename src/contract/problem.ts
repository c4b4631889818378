import { z } from 'zod'

/** An error as answered over HTTP (RFC 9457), always `application/problem+json`. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  /** Stable; switch on this one. */
  code: z.string(),
  retryable: z.boolean(),
  requestId: z.string(),
  /** Where a picture was asked for: a placeholder to show, as a `data:` URL. */
  imageUrl: z.string().optional(),
  isPlaceholder: z.boolean().optional(),
  /** Where the request is wrong: a JSON pointer, `?name` for a query parameter, or a header's name. */
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
})
export type Problem = z.infer<typeof problemSchema>
