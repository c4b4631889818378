import { z } from 'zod'
import {
  billedToSchema,
  forcedBySchema,
  gateReasonSchema,
  generationStatusSchema,
  laneSchema,
  providerNameSchema,
  reuseSourceSchema,
  thinkingLevelSchema,
  tierSchema,
  transformationSchema,
} from './vocabulary.ts'

const timestampSchema = z.iso.datetime()

/** Why this answer cost nothing. */
export const reuseSchema = z.object({
  source: reuseSourceSchema,
  /** How near the other prompt is, from 0 to 1, and what it was; of an image that was made for another prompt. */
  similarity: z.number().min(0).max(1).optional(),
  prompt: z.string().optional(),
  /** The generation that made the image, when it is another one. */
  generationId: z.string().optional(),
  savedUsd: z.number(),
})
export type Reuse = z.infer<typeof reuseSchema>

/** An image of the same owner that a similar prompt has already. */
export const similarImageSchema = z.object({
  /** The generation that made it. */
  generationId: z.string(),
  imageUrl: z.string(),
  prompt: z.string(),
  /** Cosine of both prompts' embeddings. */
  similarity: z.number().min(0).max(1),
  /** True when nothing is known to tell the two pictures apart; `reasons` says what does otherwise. */
  passes: z.boolean(),
  reasons: z.array(gateReasonSchema),
  /** The model that took it for the same where the rules did not. */
  judge: z.string().optional(),
})
export type SimilarImage = z.infer<typeof similarImageSchema>

/** Where a generation stands that is made with many others, at half the price and hours later. */
export const batchedSchema = z.object({
  /** `gathered`: it waits for a batch. `intended`: it is in one that goes to the provider, which has it when it is `running`. */
  state: z.enum(['gathered', 'intended', 'running', 'ended']),
  since: timestampSchema,
  /** Within a day, as the provider aims at; usually much sooner, and never promised. */
  expectedBy: timestampSchema,
})

/** The generation as answered everywhere. */
export const generationSchema = z.object({
  id: z.string(),
  /** In answers to operators only. */
  ownerId: z.string().optional(),
  status: generationStatusSchema,
  /** Always set: the image when it exists, else the URL that will serve it (and a placeholder until then). */
  imageUrl: z.string(),
  prompt: z.string(),
  transformation: transformationSchema,
  lane: laneSchema,
  /** True when this request paid for nothing: the image existed or was already under way. */
  isExisting: z.boolean(),
  isConditioned: z.boolean(),
  /** What all that ask for the same have in common: the id of the one that was not forced. Absent for who may see this one alone. */
  fingerprint: z.string().optional(),
  /** True when another image was wanted though there was one, or might have been. */
  isForced: z.boolean(),
  /** Who wanted it so, of a forced one, or of one for which a similar image was declined; absent where that was not written down. */
  forcedBy: forcedBySchema.optional(),
  /** The digest of the condition image (`GET /api/images?conditionImage=`). */
  conditionImage: z.string().optional(),
  /** The digests of several condition images, in order; `conditionImage` is the first. */
  conditionImages: z.array(z.string()).optional(),
  negativePrompt: z.string().optional(),
  seed: z.number().int().optional(),
  thinkingLevel: thinkingLevelSchema.optional(),
  /** Which of several pictures of the same words, from 2. */
  number: z.number().int().optional(),
  /** How many turns of a conversation come before the prompt. */
  turnCount: z.number().int().optional(),
  /** The model's words beside the picture. */
  said: z.string().optional(),
  /** True when `imageUrl` shows the placeholder: the generation failed, was canceled or takes longer than a person should wait. */
  isPlaceholder: z.boolean(),
  reuse: reuseSchema.optional(),
  /** Up to three similar images, the best first; they were found before this one was made. */
  similar: z.array(similarImageSchema).optional(),
  note: z.string().optional(),
  error: z.object({ code: z.string(), message: z.string(), retryable: z.boolean() }).optional(),
  queuePosition: z.number().int().optional(),
  /** While it waits for a batch or is in one. */
  batch: batchedSchema.optional(),
  attempts: z.number().int(),
  costUsd: z.number().optional(),
  /** At which of the model's prices its call is or was made: as it was asked for, and once it is answered as it was served. */
  tier: tierSchema.optional(),
  /** `caller` where it was asked for with a key for the provider of the caller's own, so that it cost this server nothing. */
  billedTo: billedToSchema.optional(),
  provider: providerNameSchema,
  model: z.string(),
  /** Of a route: which model made the image. */
  servedBy: z.object({ provider: providerNameSchema, model: z.string() }).optional(),
  aspectRatio: z.string().optional(),
  imageSize: z.string(),
  variant: z.string().optional(),
  thumbhash: z.string().optional(),
  width: z.number().int().optional(),
  height: z.number().int().optional(),
  createdAt: timestampSchema,
  startedAt: timestampSchema.optional(),
  /** When it ends at the latest; while it has not. */
  deadlineAt: timestampSchema.optional(),
  finishedAt: timestampSchema.optional(),
  urls: z.object({ self: z.string(), events: z.string(), image: z.string(), cancel: z.string() }),
})
export type Generation = z.infer<typeof generationSchema>

/** The answer to a request; of one for several pictures that of the first, with all of them in order. */
export const submittedSchema = generationSchema.extend({
  generations: z.array(generationSchema).optional(),
})
export type Submitted = z.infer<typeof submittedSchema>

export const generationEventTypeSchema = z.enum([
  'generation.queued',
  'generation.running',
  'generation.retrying',
  'generation.succeeded',
  'generation.failed',
  'generation.canceled',
])
export type GenerationEventType = z.infer<typeof generationEventTypeSchema>
