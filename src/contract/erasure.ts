import { z } from 'zod'

const timestampSchema = z.iso.datetime()

/** An erasure, under way or done: then it is the receipt. */
export const erasureSchema = z.object({
  id: z.string(),
  status: z.enum(['under_way', 'done']),
  /** SHA-256 (hex) of "imageonce owner", a line feed and the owner's id. */
  ownerDigest: z.string(),
  /** `list`: a backup that was restored had the owner again. */
  askedBy: z.enum(['owner', 'operator', 'list']),
  requestedAt: timestampSchema,
  finishedAt: timestampSchema.nullable(),
  /** How much of each kind was erased so far; what there was none of is absent. */
  erased: z.record(z.string(), z.number().int()),
  /** What the erased calls had cost; everyone's figures go on counting it. */
  spentUsd: z.number(),
})
export type ErasureReceipt = z.infer<typeof erasureSchema>
