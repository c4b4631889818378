import { z } from 'zod'
import { batchedSchema, similarImageSchema } from './generation.ts'
import {
  billedToSchema,
  generationStatusSchema,
  reuseSourceSchema,
  similarityModeSchema,
  tierSchema,
} from './vocabulary.ts'

const usdSchema = z.number().min(0)
const msSchema = z.int().min(0)

/**
 * What becomes of an image that is asked for. `reuse`: it exists. `join`: it is under way already. `buy`: it is made, by a call that
 * costs. `wait`: it is taken, and bought once it may be, which `reason` says. `refuse`: it is not made, and `reason` says why.
 */
export const wouldSchema = z.enum(['reuse', 'join', 'buy', 'wait', 'refuse'])
export type Would = z.infer<typeof wouldSchema>

/** Why it would wait, or be refused. */
const reasonSchema = z.object({
  code: z.string(),
  message: z.string(),
  retryable: z.boolean(),
  /** Where the request is wrong. */
  pointer: z.string().optional(),
  /** When to ask again, or when it may be bought; absent where nobody knows. */
  retryAt: z.iso.datetime().optional(),
})

/** The generation that would answer. */
const fromSchema = z.object({
  source: reuseSourceSchema.exclude(['client']).optional(),
  generationId: z.string(),
  status: generationStatusSchema,
  imageUrl: z.string(),
  prompt: z.string(),
  /** How near its prompt is, from 0 to 1; of an image that a similar prompt has. */
  similarity: z.number().min(0).max(1).optional(),
  /** What is not paid again. */
  savedUsd: usdSchema,
  /** While it waits for a batch or is in one. */
  batch: batchedSchema.optional(),
  createdAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().optional(),
})

/** What its prompt was compared with; absent where none would be. */
const comparisonSchema = z.object({
  mode: similarityModeSchema.exclude(['off', 'shadow']),
  /** False where comparing would cost something itself, or failed: nobody knows before it is asked for. */
  isCompared: z.boolean(),
  /** The best first; up to three. */
  similar: z.array(similarImageSchema),
})

/** What would become of one image. */
export const explainedImageSchema = z.object({
  /** The generation's id; absent for a forced one, which has another each time, and where the request is not one. */
  id: z.string().optional(),
  fingerprint: z.string().optional(),
  would: wouldSchema,
  reason: reasonSchema.optional(),
  from: fromSchema.optional(),
  comparison: comparisonSchema.optional(),
  price: z.object({
    /** What is set aside for its call. */
    atMostUsd: usdSchema,
    /** What such calls have cost lately, with those that failed. */
    expectedUsd: usdSchema,
    /** `calls`: by what calls have cost. `list`: by the list price, as there were none. `free`: nothing is paid for. */
    basis: z.enum(['calls', 'list', 'free']),
    /** At which of the model's prices it would be made; absent where nothing is paid for. */
    tier: tierSchema.optional(),
  }),
  /** How many the workers would take before it, plus one. */
  queuePosition: z.int().min(1).optional(),
  /** How long it would take, by the last of its model and size; absent where nobody knows. */
  expected: z.object({ waitMs: msSchema, makeMs: msSchema, totalMs: msSchema }).optional(),
})
export type ExplainedImage = z.infer<typeof explainedImageSchema>

/** A limit to what is spent that would count. Figures are given of the caller's own alone. */
const explainedLimitSchema = z.object({
  /** `owner` and `key` are the caller's own, `prefix` is that of its app, `all` that of the server. */
  scope: z.enum(['owner', 'key', 'prefix', 'all']),
  period: z.enum(['day', 'month']),
  resetsAt: z.iso.datetime(),
  limitUsd: usdSchema.optional(),
  /** Of it what is neither spent nor set aside. */
  leftUsd: usdSchema.optional(),
  /** Whether it has room for all that would be bought. */
  isEnough: z.boolean(),
})
export type ExplainedLimit = z.infer<typeof explainedLimitSchema>

/** What `POST /api/visualize/explain` answers: what would become of a request at this moment. Nothing of it is done. */
export const explanationSchema = z.object({
  asOf: z.iso.datetime(),
  /** Of all its images together. */
  atMostUsd: usdSchema,
  expectedUsd: usdSchema,
  /** Whose key for the provider would pay. */
  billedTo: billedToSchema,
  limits: z.array(explainedLimitSchema),
  /** One for each image that is asked for. */
  images: z.array(explainedImageSchema).min(1),
})
export type Explanation = z.infer<typeof explanationSchema>
