import { z } from 'zod'
import { alertEventSchema } from './alert.ts'
import { generationSchema } from './generation.ts'
import { alertWebhookEventSchema, generationWebhookEventSchema } from './vocabulary.ts'

const timestampSchema = z.iso.datetime()

/** What an endpoint is sent when a generation has ended: the generation as it was then. */
export const generationPayloadSchema = z.object({
  type: generationWebhookEventSchema,
  timestamp: timestampSchema,
  data: generationSchema.extend({
    /** Its owner, and the saved item that shows it: for hook sources only. */
    ownerId: z.string().optional(),
    itemId: z.string().optional(),
  }),
})

/** What operators' endpoints are sent when an alert fires or resolves. */
export const alertPayloadSchema = z.object({
  type: alertWebhookEventSchema,
  timestamp: timestampSchema,
  data: alertEventSchema,
})

/** What an endpoint is sent to be tried out. */
export const testPayloadSchema = z.object({
  type: z.literal('webhook.test'),
  timestamp: timestampSchema,
  data: z.object({ webhookId: z.string() }),
})
