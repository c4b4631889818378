import { z } from 'zod'
import { GENERATION_STATUSES } from './status.ts'

export { DEFAULT_IMAGE_SIZE } from './limits.ts'
export { type GenerationStatus, isTerminal } from './status.ts'

export const generationStatusSchema = z.enum(GENERATION_STATUSES)

/** `interactive`: a person waits. `eager`: asked ahead of need, behind every interactive one. */
export const laneSchema = z.enum(['interactive', 'eager'])
export type Lane = z.infer<typeof laneSchema>

/**
 * At which of a provider's prices a call runs. `flex`: at half of it, some minutes later, when there is room. `batch`: at half of it,
 * within a day, many together.
 */
export const tierSchema = z.enum(['standard', 'flex', 'batch'])
export type Tier = z.infer<typeof tierSchema>

/** `generate`: a new picture, guided by the condition image if there is one. `enhance`: a better version of it. */
export const transformationSchema = z.enum(['generate', 'enhance'])
export type Transformation = z.infer<typeof transformationSchema>

export const imageSizeSchema = z.enum(['1K', '2K', '4K'])
export type ImageSize = z.infer<typeof imageSizeSchema>

/** The ratios that Gemini's image models accept, the last four not all of them (ai.google.dev, image generation, aspect ratios). */
export const aspectRatioSchema = z.enum([
  '1:1',
  '2:3',
  '3:2',
  '3:4',
  '4:3',
  '4:5',
  '5:4',
  '9:16',
  '16:9',
  '21:9',
  '1:4',
  '4:1',
  '1:8',
  '8:1',
])
export type AspectRatio = z.infer<typeof aspectRatioSchema>

/** How much a model thinks before it draws. */
export const thinkingLevelSchema = z.enum(['minimal', 'low', 'medium', 'high'])
export type ThinkingLevel = z.infer<typeof thinkingLevelSchema>

/** What Gemini's filters look for, and from where on they act (ai.google.dev/api/generate-content, SafetySetting). */
export const harmCategorySchema = z.enum([
  'HARM_CATEGORY_HARASSMENT',
  'HARM_CATEGORY_HATE_SPEECH',
  'HARM_CATEGORY_SEXUALLY_EXPLICIT',
  'HARM_CATEGORY_DANGEROUS_CONTENT',
  'HARM_CATEGORY_CIVIC_INTEGRITY',
])
export const harmThresholdSchema = z.enum([
  'BLOCK_LOW_AND_ABOVE',
  'BLOCK_MEDIUM_AND_ABOVE',
  'BLOCK_ONLY_HIGH',
  'BLOCK_NONE',
  'OFF',
])
export type SafetySetting = {
  category: z.infer<typeof harmCategorySchema>
  threshold: z.infer<typeof harmThresholdSchema>
}

/** Who speaks in a turn of a conversation. */
export const turnRoleSchema = z.enum(['user', 'model'])
export type TurnRole = z.infer<typeof turnRoleSchema>

/** How a picture is handed over. */
export const outputFormatSchema = z.enum(['png', 'jpeg', 'webp'])
export type OutputFormat = z.infer<typeof outputFormatSchema>

export const imageTypeSchema = z.enum(['generated', 'user_uploaded', 'placeholder'])
export type ImageType = z.infer<typeof imageTypeSchema>

export const imageMimeTypeSchema = z.enum(['image/png', 'image/jpeg', 'image/webp'])
export type ImageMimeType = z.infer<typeof imageMimeTypeSchema>

/** Who makes images. `route`: one after the other of several models, until one takes the call. */
export const providerNameSchema = z.enum(['gemini', 'openai', 'local', 'route'])
export type ProviderName = z.infer<typeof providerNameSchema>

export const reuseSourceSchema = z.enum(['exact', 'joined', 'similar', 'client'])
export type ReuseSource = z.infer<typeof reuseSourceSchema>

/** How a list is sorted; `dearest`: by what they cost. */
export const listOrderSchema = z.enum(['newest', 'oldest', 'dearest'])
export type ListOrder = z.infer<typeof listOrderSchema>

/** Who wanted another image than the one there was, and which way the wish came. Each key is one word, as it is stored so. */
export const forcedBySchema = z.object({
  /** `owner`: by a token of its own. `operator`: in the owner's stead. `key`: whoever has that key. */
  who: z.enum(['owner', 'operator', 'key']),
  /** The operator's or the key's. */
  id: z.string().optional(),
  /** The key's. */
  name: z.string().optional(),
  /** `dashboard`: by a session of these pages. `api`: our own; else that of which provider. */
  via: z.enum(['dashboard', 'api', 'gemini', 'openai', 'fal']),
})
export type ForcedBy = z.infer<typeof forcedBySchema>

/**
 * What becomes of an image that a similar prompt has already. `off`: none is looked for. `suggest`: it is named, and a new one is
 * made. `shadow`: only written down. `reuse`: it is the answer.
 */
export const similarityModeSchema = z.enum(['off', 'suggest', 'shadow', 'reuse'])
export type SimilarityMode = z.infer<typeof similarityModeSchema>

/** What two prompts disagree in, as the gate names it. */
export const gateReasonSchema = z.enum([
  'counts',
  'amounts',
  'negation',
  'colours',
  'entities',
  'relations',
  'scales',
  'style',
  'composition',
  'wording',
])
export type GateReason = z.infer<typeof gateReasonSchema>

/** Where the embeddings come from that prompts are compared by. */
export const embeddingSourceSchema = z.enum(['gemini', 'local'])
export type EmbeddingSource = z.infer<typeof embeddingSourceSchema>

export const alertNameSchema = z.enum([
  'no_worker',
  'provider_down',
  'generations_failing',
  'generations_slow',
  'queue_old',
  'eager_queue_old',
  'database_slow',
  'reuse_low',
  'daily_spend_high',
  'monthly_spend_high',
  'budgets_low',
  'batches_stuck',
  'prices_guessed',
  'paying_paused',
])
export type AlertName = z.infer<typeof alertNameSchema>

/** `ok`: has never fired. `resolved`: has, and does no longer. */
export const alertStateSchema = z.enum(['ok', 'firing', 'resolved'])
export type AlertState = z.infer<typeof alertStateSchema>

export const alertChangeSchema = z.enum(['firing', 'resolved'])
export type AlertChange = z.infer<typeof alertChangeSchema>

/** The events that an endpoint may receive of its owner's generations. */
export const generationWebhookEventSchema = z.enum([
  'generation.succeeded',
  'generation.failed',
  'generation.canceled',
])

/** The events that only operators' endpoints may receive. */
export const alertWebhookEventSchema = z.enum(['alert.firing', 'alert.resolved'])

export const webhookEventSchema = z.enum([
  ...generationWebhookEventSchema.options,
  ...alertWebhookEventSchema.options,
])

export const webhookDeliveryStatusSchema = z.enum(['pending', 'delivered', 'failed'])
export type WebhookDeliveryStatus = z.infer<typeof webhookDeliveryStatusSchema>

/** `gone`: the endpoint answered 410. `failing`: nothing has reached it for days. */
export const webhookDisabledReasonSchema = z.enum(['gone', 'failing'])
export type WebhookDisabledReason = z.infer<typeof webhookDisabledReasonSchema>

/**
 * What a key may do. `read`: see and follow what its owner has. `generate`: ask for images, cancel, ask again, judge. `upload` and
 * `delete`: images. `items`: saved items. `webhooks`: endpoints. `admin`: all that operators may.
 */
export const keyScopeSchema = z.enum([
  'read',
  'generate',
  'upload',
  'delete',
  'items',
  'webhooks',
  'admin',
])
export type KeyScope = z.infer<typeof keyScopeSchema>

/**
 * What equal requests that come at once with a key are. `one`: one wish, which has one image. `parallel`: as many wishes, each of which
 * has an image of its own, as clients mean it that ask for three images by three equal calls.
 */
export const keyVariantsSchema = z.enum(['one', 'parallel'])
export type KeyVariants = z.infer<typeof keyVariantsSchema>

/**
 * Whether callers may bring a key of their own for the provider, which pays then in place of the server's: never, where they like, or
 * always.
 */
export const upstreamKeyRuleSchema = z.enum(['off', 'allowed', 'required'])
export type UpstreamKeyRule = z.infer<typeof upstreamKeyRuleSchema>

/** Whose key for the provider a call is made with. */
export const billedToSchema = z.enum(['server', 'caller'])
export type BilledTo = z.infer<typeof billedToSchema>

export const keyStatusSchema = z.enum(['active', 'expired', 'revoked'])
export type KeyStatus = z.infer<typeof keyStatusSchema>
