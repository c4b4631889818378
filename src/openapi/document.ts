import { createDocument } from 'zod-openapi'
import { alerts } from './operations/alerts.ts'
import { analytics } from './operations/analytics.ts'
import { batches } from './operations/batches.ts'
import { fal } from './operations/fal.ts'
import { find } from './operations/find.ts'
import { gateway } from './operations/gateway.ts'
import { generations } from './operations/generations.ts'
import { hooks } from './operations/hooks.ts'
import { images } from './operations/images.ts'
import { keys } from './operations/keys.ts'
import { owners } from './operations/owners.ts'
import { receipts } from './operations/receipts.ts'
import { savedItems } from './operations/saved-items.ts'
import { server } from './operations/server.ts'
import { similarity } from './operations/similarity.ts'
import { spending } from './operations/spending.ts'
import { submitting } from './operations/submitting.ts'
import { telemetry } from './operations/telemetry.ts'
import { webhooks } from './operations/webhooks.ts'
import { webhookEvents } from './webhook-events.ts'

/** The HTTP contract as OpenAPI 3.1, made of the same schemas that requests are parsed with. */
export const createOpenApiDocument = (version: string, publicUrl: string | undefined) =>
  createDocument({
    openapi: '3.1.0',
    info: {
      title: 'imageonce',
      version,
      description:
        'Generate every image once: asks a paid image model for an image once, and answers from then on with the same one. Problems are RFC 9457; another owner’s things are 404.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: publicUrl ?? '/' }],
    paths: {
      ...submitting,
      ...gateway,
      ...fal,
      ...generations,
      ...find,
      ...images,
      ...receipts,
      ...similarity,
      ...savedItems,
      ...hooks,
      ...webhooks,
      ...telemetry,
      ...analytics,
      ...alerts,
      ...keys,
      ...owners,
      ...spending,
      ...batches,
      ...server,
    },
    webhooks: webhookEvents,
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description:
            '`sub` is the owner; operators have `role: admin`. Or a key (`io_…`), also as `x-api-key` or `x-goog-api-key`.',
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'imageonce_session',
          description: 'The pages’ own, by `signIn`.',
        },
        hook: {
          type: 'apiKey',
          in: 'header',
          name: 'webhook-signature',
          description: 'Standard Webhooks (standardwebhooks.com), with a secret of `HOOK_SECRETS`.',
        },
      },
    },
  })
