import { z } from 'zod'
import { ownerSchema } from './generation-filter.ts'
import { embeddingSourceSchema, similarityModeSchema } from './vocabulary.ts'

const countSchema = z.int().min(0)
const shareSchema = z.number().min(0).max(1)

/** What `POST /api/generations/:id/feedback` takes: whether the similar image is, or would have been, the right one. */
export const feedbackSchema = z.strictObject({ accepted: z.boolean() })
export type Feedback = z.infer<typeof feedbackSchema>

/** What `PUT /api/similarity` takes; null leaves the choice to the server. */
export const similarityChoiceSchema = z.strictObject({ mode: similarityModeSchema.nullable() })

/** Whose similar images `/api/similarity` is about: an operator may name another owner, or `*` for everybody's. */
export const similarityQuerySchema = z.object({ owner: ownerSchema.optional() })

/** How often a similar image was the right one, of those that somebody judged; null while nobody has. */
export const precisionSchema = z.object({
  accepted: countSchema,
  rejected: countSchema,
  precision: shareSchema.nullable(),
  /** The Wilson score interval of 95 %. */
  low: shareSchema.nullable(),
  high: shareSchema.nullable(),
})
export type Precision = z.infer<typeof precisionSchema>

/** What `GET /api/similarity` answers. Counts and precision are of the last `days` days. */
export const similarityReportSchema = z.object({
  /** Whose it is; null for all owners together. */
  owner: z.string().nullable(),
  /** Null while similar prompts are off, as there is nothing to compare them by; `note` says why. */
  embeddings: z.object({ source: embeddingSourceSchema, model: z.string() }).nullable(),
  note: z.string().optional(),
  /** The model that is asked where the rules stop at wording or style alone; null where none is. */
  judge: z.string().nullable(),
  /** In force for requests that do not say one. */
  mode: similarityModeSchema,
  /** What the owner chose; null where the server's choice holds. */
  chosenMode: similarityModeSchema.nullable(),
  defaultMode: similarityModeSchema,
  minSimilarity: shareSchema,
  /** Reuse under this precision turns itself back to `suggest`. */
  precisionFloor: shareSchema,
  fellBackAt: z.iso.datetime().nullable(),
  /** Prompts that have an embedding. */
  embedded: countSchema,
  days: countSchema,
  checks: z.object({
    total: countSchema,
    /** Those that found an image which `reuse` answers with. */
    matched: countSchema,
    reused: countSchema,
    durationMs: z.object({ p50: z.number(), p95: z.number() }).nullable(),
    embeddingCostUsd: z.number().min(0),
    /** Those of the matched that a model decided, and what asking it cost. */
    judged: countSchema,
    judgeCostUsd: z.number().min(0),
    savedUsd: z.number().min(0),
  }),
  precision: z.object({
    /** What reuse would have answered, in `shadow` and `suggest`. */
    shadow: precisionSchema,
    reuse: precisionSchema,
    /** What the floor is held against: the newest verdicts on reuse since the mode was last set. Null for all owners together. */
    deciding: precisionSchema.nullable(),
  }),
})
export type SimilarityReport = z.infer<typeof similarityReportSchema>

export const verdictSchema = z.enum(['pending', 'accepted', 'rejected'])
export type VerdictState = z.infer<typeof verdictSchema>

const shownGenerationSchema = z.object({
  generationId: z.string(),
  imageUrl: z.string(),
  prompt: z.string(),
})

/** A generation for which a similar image was found that `reuse` answers with. */
export const similarityCheckSchema = z.object({
  ...shownGenerationSchema.shape,
  /** In answers to operators only. */
  ownerId: z.string().optional(),
  mode: similarityModeSchema,
  similarity: shareSchema,
  /** The one that made the similar image; absent once that is deleted. */
  match: shownGenerationSchema.optional(),
  verdict: verdictSchema,
  durationMs: countSchema,
  embeddingCostUsd: z.number().min(0),
  /** The model that took it for the same where the rules did not; absent where they did. */
  judge: z.string().optional(),
  judgeCostUsd: z.number().min(0),
  createdAt: z.iso.datetime(),
})
export type SimilarityCheck = z.infer<typeof similarityCheckSchema>

/** What `GET /api/similarity/checks` answers, newest first. */
export const similarityChecksSchema = z.object({
  checks: z.array(similarityCheckSchema),
  nextCursor: z.string().nullable(),
})
export type SimilarityChecks = z.infer<typeof similarityChecksSchema>

/** The query of `GET /api/similarity/checks`, besides `limit` and `cursor`. */
export const similarityChecksQuerySchema = similarityQuerySchema.extend({
  verdict: verdictSchema.optional(),
  mode: similarityModeSchema.exclude(['off']).optional(),
})
