import { z } from 'zod'
import { labelSchema, ownerIdSchema, textSchema } from './text.ts'
import { generationStatusSchema, laneSchema, reuseSourceSchema } from './vocabulary.ts'

const statusesText = `must be one or more of: ${generationStatusSchema.options.join(', ')}`

/** An owner's id, or `*` for everybody's; an operator's to ask. */
export const ownerSchema = ownerIdSchema

export const timeSchema = z.iso
  .datetime({ offset: true, error: 'must be a time as in 2026-11-22T07:53:32Z' })
  .transform((text) => new Date(text))

/** The query of `GET /api/generations`, besides `limit` and `cursor`. */
export const generationQuerySchema = z.object({
  status: textSchema
    .transform((text) => text.split(',').map((word) => word.trim()))
    .pipe(z.array(z.enum(generationStatusSchema.options, statusesText)))
    .optional(),
  lane: laneSchema.optional(),
  source: reuseSourceSchema.optional(),
  model: labelSchema(100).optional(),
  errorCode: labelSchema(100).optional(),
  from: timeSchema.optional(),
  to: timeSchema.optional(),
  owner: ownerSchema.optional(),
})
