import { z } from 'zod'
import { explanationSchema } from '../contract/explanation.ts'
import { generationSchema, submittedSchema } from '../contract/generation.ts'
import { generationRequestSchema } from '../contract/generation-request.ts'
import { imageSchema } from '../contract/image.ts'
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../contract/limits.ts'
import { problemSchema } from '../contract/problem.ts'
import {
  newSavedItemSchema,
  savedItemInputSchema,
  savedItemSchema,
} from '../contract/saved-item.ts'

/* The contract's schemas under the names that the document gives them. */

export const generation = generationSchema.meta({
  id: 'Generation',
  description: 'One requested image. `imageUrl` is always set and always works.',
})
export const submitted = submittedSchema.meta({
  id: 'Submitted',
  description:
    'The generation of a request. Of one for several pictures (`n`) it is the first, and `generations` has all of them in order.',
})
export const generationRequest = generationRequestSchema.meta({ id: 'GenerationRequest' })
export const explanation = explanationSchema.meta({ id: 'Explanation' })
export const image = imageSchema.meta({ id: 'Image' })
export const savedItem = savedItemSchema.meta({ id: 'SavedItem' })
export const newSavedItem = newSavedItemSchema.meta({ id: 'NewSavedItem' })
export const savedItemInput = savedItemInputSchema.meta({ id: 'SavedItemInput' })
export const problem = problemSchema.meta({
  id: 'Problem',
  description: 'RFC 9457. `code` is stable: switch on that one.',
})

/** A page of a list, under the name of what it lists. */
export const page = (name: string, schema: z.ZodType) =>
  z.object({
    [name]: z.array(schema),
    nextCursor: z
      .string()
      .nullable()
      .meta({ description: 'For `?cursor`; null on the last page.' }),
  })

/** The same of a list that can be counted. */
export const countedPage = (name: string, schema: z.ZodType) =>
  page(name, schema).extend({
    count: z
      .number()
      .int()
      .optional()
      .meta({ description: 'With `?count=true`: how many there are in all, 10,000 at most.' }),
    isCountCut: z.boolean().optional().meta({ description: 'True where there are more.' }),
  })

export const pageQuery = z.object({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_PAGE_SIZE)
    .optional()
    .meta({ description: `How many at most; ${DEFAULT_PAGE_SIZE} by default.`, example: 20 }),
  cursor: z.string().optional().meta({ description: '`nextCursor` of the page before.' }),
})

export const generationPath = z.object({
  id: z.string().meta({
    description: 'A generation’s id.',
    example: 'g_c8408a586db1a898fb532ca7c1429a5701b4c791',
  }),
})

export const prefer = {
  Prefer: z.string().optional().meta({
    description:
      '`wait=N` waits up to N seconds for the end, and no longer than `maxWaitSeconds` of `/api/info`; `wait` alone as long as that. `Preference-Applied` says for how long.',
    example: 'wait=30',
  }),
}

export const idempotencyKey = {
  'Idempotency-Key': z.string().optional().meta({
    description:
      'The same key with the same request is the same generation for 24 hours; with another request it is 422.',
    example: 'order-1042-cover',
  }),
}

export const upstreamKey = {
  'Imageonce-Upstream-Key': z.string().optional().meta({
    description:
      'A key of the caller’s own for the provider, which pays then in place of the server’s. Where that may be: `caller.upstreamKeys` of `GET /api/info`.',
  }),
}

export const ifNoneMatch = {
  'If-None-Match': z
    .string()
    .optional()
    .meta({ description: 'An `ETag` of before: 304 if it holds.' }),
}
