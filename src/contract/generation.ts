import { z } from 'zod'
import {
  generationStatusSchema,
  laneSchema,
  providerNameSchema,
  reuseSourceSchema,
  transformationSchema,
} from './vocabulary.ts'

const timestampSchema = z.iso.datetime()

/** Why this answer cost nothing. */
export const reuseSchema = z.object({
  source: reuseSourceSchema,
  similarity: z.number().optional(),
  /** The generation that made the image, when it is another one. */
  generationId: z.string().optional(),
  savedUsd: z.number(),
})
export type Reuse = z.infer<typeof reuseSchema>

/** The generation as answered everywhere. */
export const generationSchema = z.object({
  id: z.string(),
  /** Told to operators only. */
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
  /** True when `imageUrl` shows the stand-in image: the generation failed or was canceled. */
  isPlaceholder: z.boolean(),
  reuse: reuseSchema.optional(),
  note: z.string().optional(),
  error: z.object({ code: z.string(), message: z.string(), retryable: z.boolean() }).optional(),
  queuePosition: z.number().int().optional(),
  attempts: z.number().int(),
  costUsd: z.number().optional(),
  provider: providerNameSchema,
  model: z.string(),
  aspectRatio: z.string().optional(),
  imageSize: z.string(),
  variant: z.string().optional(),
  thumbhash: z.string().optional(),
  width: z.number().int().optional(),
  height: z.number().int().optional(),
  createdAt: timestampSchema,
  startedAt: timestampSchema.optional(),
  finishedAt: timestampSchema.optional(),
  urls: z.object({ self: z.string(), events: z.string(), image: z.string(), cancel: z.string() }),
})
export type Generation = z.infer<typeof generationSchema>

export const generationEventTypeSchema = z.enum([
  'generation.queued',
  'generation.running',
  'generation.retrying',
  'generation.succeeded',
  'generation.failed',
  'generation.canceled',
])
export type GenerationEventType = z.infer<typeof generationEventTypeSchema>
