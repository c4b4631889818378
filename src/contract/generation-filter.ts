import { z } from 'zod'
import { MAX_QUERY_CHARACTERS } from './limits.ts'
import { labelSchema, ownerIdSchema, textSchema } from './text.ts'
import {
  generationStatusSchema,
  laneSchema,
  listOrderSchema,
  reuseSourceSchema,
} from './vocabulary.ts'

const statusesText = `must be one or more of: ${generationStatusSchema.options.join(', ')}`

/** An owner's id, or `*` for everybody's; an operator's to ask. */
export const ownerSchema = ownerIdSchema

export const timeSchema = z.iso
  .datetime({ offset: true, error: 'must be a time as in 2026-11-22T07:53:32Z' })
  .transform((text) => new Date(text))

/** Words of prompts: all of them, "in a row" in quotes, `or`, and `-` before what must not be there. */
export const searchSchema = textSchema
  .trim()
  .min(1, 'must not be empty')
  .max(MAX_QUERY_CHARACTERS, `must have at most ${MAX_QUERY_CHARACTERS} characters`)

/** Of a query: yes or no. */
const flagSchema = z
  .enum(['true', 'false'], 'must be true or false')
  .transform((word) => word === 'true')

/** What lists of generations and of images may be asked for alike. */
export const listQueryShape = {
  q: searchSchema.optional(),
  model: labelSchema(100).optional(),
  source: reuseSourceSchema.optional(),
  from: timeSchema.optional(),
  to: timeSchema.optional(),
  /** What cost so many US dollars or more. */
  minCostUsd: z.coerce
    .number('must be a number')
    .min(0, 'must be 0 or more')
    .max(1_000_000, 'must be 1,000,000 at most')
    .optional(),
  sort: listOrderSchema.optional(),
  /** True: the answer says how many there are. */
  count: flagSchema.optional(),
  owner: ownerSchema.optional(),
}

/** The query of `GET /api/generations`, besides `limit` and `cursor`. */
export const generationQuerySchema = z.object({
  status: textSchema
    .transform((text) => text.split(',').map((word) => word.trim()))
    .pipe(z.array(z.enum(generationStatusSchema.options, statusesText)))
    .optional(),
  lane: laneSchema.optional(),
  errorCode: labelSchema(100).optional(),
  ...listQueryShape,
})
