import { z } from 'zod'
import { providerNameSchema } from './vocabulary.ts'

const timestampSchema = z.iso.datetime().nullable()

/** A batch job, as operators see it. */
export const batchSchema = z.object({
  id: z.string(),
  provider: providerNameSchema,
  model: z.string(),
  /**
   * `intended`: it is in the books, and on its way to the provider. `running`: the provider has it. `ended`: its results are taken.
   * `settled`: they are, and what is left at the provider is deleted. `closed`: nothing is left.
   */
  state: z.enum(['intended', 'running', 'ended', 'settled', 'closed']),
  /** How it ended; null until then. `refused`: the provider does not take it. `lost`: the provider does not know of it any more. */
  outcome: z.enum(['succeeded', 'failed', 'canceled', 'expired', 'refused', 'lost']).nullable(),
  items: z.object({
    total: z.int(),
    /** Of which nothing has come yet. */
    open: z.int(),
    /** That brought an image. */
    images: z.int(),
  }),
  /** What its calls have cost, or may have. */
  costUsd: z.number(),
  createdAt: z.iso.datetime(),
  sentAt: timestampSchema,
  runningAt: timestampSchema,
  endedAt: timestampSchema,
  closedAt: timestampSchema,
  cancelAskedAt: timestampSchema,
  /** Why it does not get on; null where it does. */
  trouble: z.object({ message: z.string(), since: z.iso.datetime() }).nullable(),
})
export type Batch = z.infer<typeof batchSchema>

/** What `GET /api/batches` answers. */
export const batchPageSchema = z.object({
  /** How many generations wait for a batch, and since when the first of them does. */
  gathered: z.object({ count: z.int(), since: timestampSchema }),
  batches: z.array(batchSchema),
  nextCursor: z.string().nullable(),
})
export type BatchPage = z.infer<typeof batchPageSchema>
