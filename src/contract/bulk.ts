import { z } from 'zod'
import { ownerSchema, timeSchema } from './generation-filter.ts'
import { MAX_CURSOR_CHARACTERS } from './limits.ts'
import { labelSchema, textSchema } from './text.ts'
import { generationStatusSchema, laneSchema } from './vocabulary.ts'

const bulkActionSchema = z.enum(['retry', 'cancel'])

/** What `POST /api/generations/bulk` takes. */
export const bulkRequestSchema = z.strictObject({
  action: bulkActionSchema,
  filter: z.strictObject({
    status: z.array(generationStatusSchema).min(1, 'must not be empty').optional(),
    lane: laneSchema.optional(),
    owner: ownerSchema.optional(),
    model: labelSchema(100).optional(),
    errorCode: labelSchema(100).optional(),
    from: timeSchema.optional(),
    to: timeSchema.optional(),
  }),
  /** True changes nothing. */
  dryRun: z.boolean().default(false),
  /** The `nextCursor` of an earlier answer. */
  cursor: textSchema.max(MAX_CURSOR_CHARACTERS).optional(),
})

export const bulkReportSchema = z.object({
  action: bulkActionSchema,
  dryRun: z.boolean(),
  /** How many the filter let through, 1,000 at most. */
  matched: z.number().int(),
  changed: z.number().int(),
  refused: z.array(z.object({ id: z.string(), code: z.string() })),
  hasMore: z.boolean(),
  nextCursor: z.string().nullable(),
})
export type BulkReport = z.infer<typeof bulkReportSchema>
