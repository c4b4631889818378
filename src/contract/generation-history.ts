import { z } from 'zod'
import { generationEventTypeSchema } from './generation.ts'
import { billedToSchema, providerNameSchema, tierSchema } from './vocabulary.ts'

const timestampSchema = z.iso.datetime()

/** Something that an attempt got past. */
const attemptStepSchema = z.object({
  /** `claimed`, `probed`, `adopted`, `intent_recorded`, `answered`, `spooled`, `outcome_recorded`, `inspected`, `stored`, `committed`. */
  step: z.string(),
  at: timestampSchema,
  /** Since the step before. */
  durationMs: z.number(),
})

const attemptSchema = z.object({
  workerId: z.string(),
  provider: providerNameSchema,
  model: z.string(),
  /** When the intent to pay was written down, just before the call. */
  startedAt: timestampSchema,
  /** When the outcome of the call was written down; absent while it runs, or when its worker died. */
  finishedAt: timestampSchema.optional(),
  /** `image`, `interrupted`, `lost` (its worker died), or the code of what went wrong; absent while it runs. */
  outcome: z.string().optional(),
  /** What it cost; with `isEstimate` what it may cost or have cost, since nobody has said. */
  costUsd: z.number(),
  isEstimate: z.boolean(),
  /** At which tier it was asked for, and at which it was served where the provider said so; its cost is of the latter. */
  tier: tierSchema.optional(),
  servedTier: tierSchema.optional(),
  /** How the cost was found: `measured` by the tokens that were counted, `listed` as an image's list price; absent of an estimate. */
  costBasis: z.enum(['measured', 'listed']).optional(),
  /** By which version of the price table. */
  priceVersion: z.string().optional(),
  /** The provider's own id of its answer, and what it counted. */
  responseId: z.string().optional(),
  usage: z.record(z.string(), z.unknown()).optional(),
  mayHaveCharged: z.boolean(),
  /** Whose key for the provider it was made with. */
  billedTo: billedToSchema,
  /** What it cost the caller, by our prices: `costUsd` is 0 then. */
  callerCostUsd: z.number().optional(),
  steps: z.array(attemptStepSchema),
})
export type GenerationAttempt = z.infer<typeof attemptSchema>

const historyEventSchema = z.object({
  sequence: z.number().int(),
  type: generationEventTypeSchema,
  at: timestampSchema,
  /** Why, where something went wrong. */
  errorCode: z.string().optional(),
})

/** What a call brought besides the image, and was paid for all the same. */
const surplusSchema = z.object({
  /** `picture`: another one of the same answer. `unreadable`: bytes that do not decode, as they came. */
  kind: z.enum(['picture', 'unreadable']),
  at: timestampSchema,
  /** SHA-256 (hex): equal bytes came again. */
  digest: z.string(),
  sizeBytes: z.number().int(),
  mimeType: z.string().optional(),
  /** Why it does not decode. */
  reason: z.string().optional(),
  /** Where it can be had, with the caller's token. */
  url: z.string(),
})
export type Surplus = z.infer<typeof surplusSchema>

/** What `GET /api/generations/:id/history` answers: all lists in the order of time. */
export const generationHistorySchema = z.object({
  id: z.string(),
  events: z.array(historyEventSchema),
  attempts: z.array(attemptSchema),
  surplus: z.array(surplusSchema),
  /** True when older events or attempts were left out. */
  isCut: z.boolean(),
})
export type GenerationHistory = z.infer<typeof generationHistorySchema>
