import { z } from 'zod'
import { ownerSchema } from './generation-filter.ts'
import { MAX_WEBHOOK_DESCRIPTION_CHARACTERS, MAX_WEBHOOK_URL_CHARACTERS } from './limits.ts'
import { labelSchema, textSchema } from './text.ts'
import {
  generationWebhookEventSchema,
  webhookDeliveryStatusSchema,
  webhookDisabledReasonSchema,
  webhookEventSchema,
} from './vocabulary.ts'

const urlSchema = textSchema.min(1, 'must not be empty').max(MAX_WEBHOOK_URL_CHARACTERS)

const eventsSchema = <Event extends string>(schema: z.ZodEnum<Record<Event, Event>>) =>
  z
    .array(schema)
    .min(1, `must name at least one of: ${schema.options.join(', ')}`)
    .transform((events) => [...new Set(events)])

const generationEvents = [...generationWebhookEventSchema.options]

/** What `POST /api/hooks/webhooks` takes; without `events` the endpoint receives every end of a generation. */
export const sourceWebhookSchema = z.strictObject({
  url: urlSchema,
  events: eventsSchema(generationWebhookEventSchema).default(generationEvents),
})
export type SourceWebhook = z.output<typeof sourceWebhookSchema>

/** What `DELETE /api/hooks/webhooks` takes. */
export const deletionSchema = z.strictObject({ id: textSchema.max(100) })

const descriptionSchema = labelSchema(MAX_WEBHOOK_DESCRIPTION_CHARACTERS).nullish()

/** What `POST /api/webhooks` takes; events of alerts from operators only. */
export const webhookInputSchema = sourceWebhookSchema.extend({
  events: eventsSchema(webhookEventSchema).default(generationEvents),
  description: descriptionSchema,
  isEnabled: z.boolean().default(true),
})
export type WebhookInput = z.output<typeof webhookInputSchema>

/** What `PATCH /api/webhooks/:id` takes; `isEnabled: true` also takes up again one that was disabled. */
export const webhookChangeSchema = z.strictObject({
  url: urlSchema.optional(),
  events: eventsSchema(webhookEventSchema).optional(),
  description: descriptionSchema,
  isEnabled: z.boolean().optional(),
})
export type WebhookChange = z.output<typeof webhookChangeSchema>

/** Of the list of endpoints, besides its page: whose, for an operator. */
export const webhookQuerySchema = z.object({ owner: ownerSchema.optional() })

const timestampSchema = z.iso.datetime()

/** A webhook endpoint as answered. */
export const webhookSchema = z.object({
  id: z.string(),
  /** Whose it is: an owner's or a hook source's. */
  ownerId: z.string().optional(),
  source: z.string().optional(),
  url: z.string(),
  events: z.array(webhookEventSchema),
  description: z.string().optional(),
  isEnabled: z.boolean(),
  disabledReason: webhookDisabledReasonSchema.optional(),
  /** Since when every attempt has failed. */
  failingSince: timestampSchema.optional(),
  /** Until when the secret before this one signs besides. */
  previousSecretExpiresAt: timestampSchema.optional(),
  /** `whsec_…`; only in the answers that made it. */
  secret: z.string().optional(),
  createdAt: timestampSchema,
  updatedAt: timestampSchema,
})
export type Webhook = z.infer<typeof webhookSchema>

const webhookAttemptSchema = z.object({
  startedAt: timestampSchema,
  durationMs: z.number().int(),
  /** Absent when there was no answer. */
  statusCode: z.number().int().optional(),
  /** Why it does not count as delivered. */
  error: z.string().optional(),
  /** How the body of the answer begins. */
  answer: z.string().optional(),
})
export type WebhookAttempt = z.infer<typeof webhookAttemptSchema>

/** One event to one endpoint; its id is the `webhook-id` that the endpoint sees. */
export const webhookDeliverySchema = z.object({
  id: z.string(),
  type: z.string(),
  generationId: z.string().optional(),
  ownerId: z.string().optional(),
  itemId: z.string().optional(),
  status: webhookDeliveryStatusSchema,
  /** Since it was made, or made to be delivered again. */
  failures: z.number().int(),
  nextAttemptAt: timestampSchema.optional(),
  createdAt: timestampSchema,
  /** Newest first; only in the answer for a single delivery. */
  attempts: z.array(webhookAttemptSchema).optional(),
})
export type WebhookDelivery = z.infer<typeof webhookDeliverySchema>
