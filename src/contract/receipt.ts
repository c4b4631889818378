import { z } from 'zod'
import { generationSchema } from './generation.ts'
import { imageSchema } from './image.ts'
import { forcedBySchema, generationStatusSchema, imageSizeSchema } from './vocabulary.ts'

const usdSchema = z.number().min(0)
const timestampSchema = z.iso.datetime()

/**
 * What one asking came to. `paid`: a call that may have been charged. `unpaid`: begun, and nothing was charged. `forced`: another image
 * was wanted though there was one. `declined`: an image of its own, where a similar one had been the answer. The others cost nothing, as
 * the image existed (`exact`), was under way (`joined`), was made for similar words (`similar`), or the app itself had it (`client`).
 */
export const askingKindSchema = z.enum([
  'paid',
  'unpaid',
  'forced',
  'declined',
  'exact',
  'joined',
  'similar',
  'client',
])
export type AskingKind = z.infer<typeof askingKindSchema>

/** One asking for an image, or for another of the same request. */
export const askingSchema = z.object({
  id: z.string(),
  kind: askingKindSchema,
  at: timestampSchema,
  /** The generation that answered, or was begun; of another image than the receipt's where `isOther`. */
  generationId: z.string(),
  isOther: z.boolean(),
  /** What became of it, where it was begun by this. */
  status: generationStatusSchema.optional(),
  /** What its calls cost, and how many may have been charged; with `isEstimate` at what they may have cost. */
  costUsd: usdSchema.optional(),
  calls: z.number().int().optional(),
  isEstimate: z.boolean().optional(),
  /** What it did not cost. */
  savedUsd: usdSchema.optional(),
  /** Of similar words: how near they are, and which. */
  similarity: z.number().min(0).max(1).optional(),
  prompt: z.string().optional(),
  forcedBy: forcedBySchema.optional(),
})
export type Asking = z.infer<typeof askingSchema>

const answeredSchema = z.object({
  /** All of them; with `isCut` there are more than were counted. */
  count: z.number().int(),
  exact: z.number().int(),
  joined: z.number().int(),
  similar: z.number().int(),
  /** As browsers say themselves; no money is counted for these. */
  client: z.number().int(),
  savedUsd: usdSchema,
  isCut: z.boolean(),
})

const paidSchema = z.object({
  /** For this image, whatever tries it took. */
  usd: usdSchema,
  /** When the image was made; absent while it is not. */
  at: timestampSchema.optional(),
  isEstimate: z.boolean(),
  /** For other images of the same request. */
  othersUsd: usdSchema,
  others: z.number().int(),
})

/**
 * An image that is near this one. `again`: of the same request, paid for besides. `variant`: of the same words, with other fields.
 * `alike`: of nearly the same words. `made`: made from this image.
 */
export const siblingSchema = z.object({
  relation: z.enum(['again', 'variant', 'alike', 'made']),
  generation: generationSchema,
  /** The fields in which both requests differ, `prompt` among them. */
  differs: z.array(z.string()),
})
export type Sibling = z.infer<typeof siblingSchema>

/** What `GET /api/images/:id/receipt` answers. */
export const receiptSchema = z.object({
  /** The one that made the image; it has its prompt, its model and its URL. */
  generation: generationSchema,
  paid: paidSchema,
  answered: answeredSchema,
  /** A page of them, newest first. */
  askings: z.array(askingSchema),
  nextCursor: z.string().nullable(),
  siblings: z.array(siblingSchema),
  /** The images that it was made from. */
  sources: z.array(imageSchema),
})
export type Receipt = z.infer<typeof receiptSchema>

/** What `GET /api/generations/:id/answers` answers: each asking for this one generation, newest first. */
export const answersSchema = z.object({
  askings: z.array(askingSchema),
  nextCursor: z.string().nullable(),
})
export type Answers = z.infer<typeof answersSchema>

const MAX_LINK_SECONDS = 30 * 86_400

/** What `POST /api/images/:id/receipt/link` takes. */
export const receiptLinkInputSchema = z.strictObject({
  expiresInSeconds: z.number().int().min(1).max(MAX_LINK_SECONDS),
})

/** A page of these that shows the receipt to whoever has it, until then. */
export const receiptLinkSchema = z.object({ url: z.string(), expiresAt: timestampSchema })
export type ReceiptLink = z.infer<typeof receiptLinkSchema>

/** What such a link shows: nobody's name, no id, no other image and no other words. */
export const sharedReceiptSchema = z.object({
  imageUrl: z.string(),
  prompt: z.string(),
  model: z.string(),
  imageSize: imageSizeSchema,
  aspectRatio: z.string().optional(),
  width: z.number().int().optional(),
  height: z.number().int().optional(),
  thumbhash: z.string().optional(),
  createdAt: timestampSchema,
  paid: paidSchema,
  answered: answeredSchema,
  askings: z.array(askingSchema.pick({ kind: true, at: true, costUsd: true, savedUsd: true })),
  nextCursor: z.string().nullable(),
  expiresAt: timestampSchema,
})
export type SharedReceipt = z.infer<typeof sharedReceiptSchema>
