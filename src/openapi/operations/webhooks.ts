import { z } from 'zod'
import { webhookDeliveryStatusSchema } from '../../contract/vocabulary.ts'
import {
  deletionSchema,
  sourceWebhookSchema,
  webhookChangeSchema,
  webhookDeliverySchema,
  webhookInputSchema,
  webhookQuerySchema,
  webhookSchema,
} from '../../contract/webhook.ts'
import { answer, empty, json, type Operations, operation } from '../operation.ts'
import { ifNoneMatch, page, pageQuery } from '../schemas.ts'
import { signature } from './hooks.ts'

const TAG = 'Webhooks'
const webhook = webhookSchema.meta({ id: 'Webhook' })
const delivery = webhookDeliverySchema.meta({ id: 'WebhookDelivery' })
const path = z.object({ id: z.string().meta({ description: 'The endpoint’s id.' }) })
const deliveryPath = path.extend({
  deliveryId: z.string().meta({ description: 'The delivery’s id: its `webhook-id`.' }),
})
const hook = { headers: signature, security: [{ hook: [] }] }
const example = { url: 'https://app.example/webhooks', events: ['generation.succeeded'] }
const withETag = z.object(ifNoneMatch)

const endpoints: Operations = {
  '/api/webhooks': {
    post: operation(TAG, 'registerWebhook', {
      summary: 'Register an endpoint for the ends of your generations',
      description: 'Signed as Standard Webhooks has it, under the secret that is answered here.',
      body: json(webhookInputSchema.meta({ id: 'WebhookInput' }), example),
      answers: { 201: answer('The endpoint, with its secret.', webhook) },
      problems: [400, 409, 413, 415],
    }),
    get: operation(TAG, 'listWebhooks', {
      summary: 'Your endpoints, newest first',
      query: pageQuery.extend(webhookQuerySchema.shape),
      answers: { 200: answer('A page.', page('webhooks', webhook)) },
      problems: [400, 403],
    }),
  },
  '/api/webhooks/{id}': {
    get: operation(TAG, 'getWebhook', {
      summary: 'One endpoint',
      path,
      headers: withETag,
      answers: { 200: answer('The endpoint.', webhook), 304: empty('Unchanged.') },
      problems: [404],
    }),
    patch: operation(TAG, 'changeWebhook', {
      summary: 'Change it, or enable it again',
      path,
      body: json(webhookChangeSchema.meta({ id: 'WebhookChange' }), { isEnabled: true }),
      answers: { 200: answer('The endpoint as it is now.', webhook) },
      problems: [400, 404, 413, 415],
    }),
    delete: operation(TAG, 'removeWebhook', {
      summary: 'Remove it and its log',
      path,
      answers: { 204: empty('It is gone.') },
      problems: [404],
    }),
  },
  '/api/webhooks/{id}/rotate-secret': {
    post: operation(TAG, 'rotateWebhookSecret', {
      summary: 'A new secret; the old one signs besides for 24 hours',
      path,
      answers: { 200: answer('The endpoint, with its new secret.', webhook) },
      problems: [404],
    }),
  },
  '/api/webhooks/{id}/test': {
    post: operation(TAG, 'testWebhook', {
      summary: 'Deliver a `webhook.test` at once',
      path,
      answers: { 202: answer('The delivery; look again for how it went.', delivery) },
      problems: [404, 409],
    }),
  },
}

const deliveries: Operations = {
  '/api/webhooks/{id}/deliveries': {
    get: operation(TAG, 'listWebhookDeliveries', {
      summary: 'Its deliveries, newest first',
      path,
      query: pageQuery.extend({ status: webhookDeliveryStatusSchema.optional() }),
      answers: { 200: answer('A page.', page('deliveries', delivery)) },
      problems: [400, 404],
    }),
  },
  '/api/webhooks/{id}/deliveries/{deliveryId}': {
    get: operation(TAG, 'getWebhookDelivery', {
      summary: 'One delivery, with its attempts',
      path: deliveryPath,
      headers: withETag,
      answers: { 200: answer('The delivery.', delivery), 304: empty('Unchanged.') },
      problems: [404],
    }),
  },
  '/api/webhooks/{id}/deliveries/{deliveryId}/redeliver': {
    post: operation(TAG, 'redeliverWebhook', {
      summary: 'Deliver it again, under the same `webhook-id`',
      path: deliveryPath,
      answers: { 202: answer('The delivery; look again for how it went.', delivery) },
      problems: [404, 409],
    }),
  },
}

const ofSources: Operations = {
  '/api/hooks/webhooks': {
    post: operation(TAG, 'registerSourceWebhook', {
      ...hook,
      summary: 'Register an endpoint for the generations of the items that a source saved',
      body: json(sourceWebhookSchema.meta({ id: 'SourceWebhook' }), example),
      answers: { 201: answer('The endpoint, with its secret.', webhook) },
      problems: [400, 404, 409, 413, 415],
    }),
    get: operation(TAG, 'listSourceWebhooks', {
      ...hook,
      summary: 'The source’s endpoints; an empty body is signed',
      answers: { 200: answer('All of them.', z.object({ webhooks: z.array(webhook) })) },
      problems: [404, 409],
    }),
    delete: operation(TAG, 'removeSourceWebhook', {
      ...hook,
      summary: 'Remove one of the source’s endpoints',
      body: json(deletionSchema.meta({ id: 'WebhookDeletion' })),
      answers: { 204: empty('It is gone.') },
      problems: [400, 404, 409, 413, 415],
    }),
  },
}

export const webhooks: Operations = { ...endpoints, ...deliveries, ...ofSources }
