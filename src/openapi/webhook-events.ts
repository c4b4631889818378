import type { z } from 'zod'
import type { ZodOpenApiPathsObject } from 'zod-openapi'
import { alertWebhookEventSchema, generationWebhookEventSchema } from '../contract/vocabulary.ts'
import {
  alertPayloadSchema,
  generationPayloadSchema,
  testPayloadSchema,
} from '../contract/webhook-payload.ts'
import { signature } from './operations/hooks.ts'

const TAG = 'Webhooks'

const event = (summary: string, payload: z.ZodType): ZodOpenApiPathsObject[string] => ({
  post: {
    tags: [TAG],
    summary,
    description:
      'Signed as Standard Webhooks has it. The same `webhook-id` may come more than once: take it once.',
    security: [],
    requestParams: { header: signature },
    requestBody: { required: true, content: { 'application/json': { schema: payload } } },
    responses: {
      '2XX': { description: 'Delivered.' },
      410: { description: 'Nothing more is to be sent: the endpoint is disabled.' },
      default: { description: 'Sent again, up to nine times in some three days.' },
    },
  },
})

const generationPayload = generationPayloadSchema.meta({ id: 'GenerationPayload' })
const alertPayload = alertPayloadSchema.meta({ id: 'AlertPayload' })

/** What webhook endpoints are sent. */
export const webhookEvents: ZodOpenApiPathsObject = {
  ...Object.fromEntries(
    generationWebhookEventSchema.options.map((type) => [
      type,
      event('A generation has ended', generationPayload),
    ]),
  ),
  ...Object.fromEntries(
    alertWebhookEventSchema.options.map((type) => [
      type,
      event('For operators: an alert has changed', alertPayload),
    ]),
  ),
  'webhook.test': event('An endpoint is tried out', testPayloadSchema.meta({ id: 'TestPayload' })),
}
