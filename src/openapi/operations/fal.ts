import { z } from 'zod'
import { content, type Operations } from '../operation.ts'
import { foreignOperation } from './gateway.ts'

const url = 'https://fal.ai/docs/model-apis/model-endpoints/queue'
const endpoint = z.object({
  owner: z.string(),
  app: z
    .string()
    .meta({ description: 'The rest of the endpoint’s name may follow in the address.' }),
})
const request = endpoint.extend({ id: z.string().meta({ description: 'The `request_id`.' }) })
const at = '/fal/{owner}/{app}/requests/{id}'

/** fal's API: its queue under `/fal`, its synchronous calls under `/fal/run`. */
export const fal: Operations = {
  '/fal/{owner}/{app}': {
    post: foreignOperation('submitFal', {
      summary: 'fal API: submit to the queue',
      description: '`?fal_webhook=` has the end told at that address.',
      ...{ url, path: endpoint, asks: true },
    }),
  },
  '/fal/run/{owner}/{app}': {
    post: foreignOperation('runFal', {
      summary: 'fal API: a synchronous call',
      ...{ url, path: endpoint, asks: true },
    }),
  },
  [at]: {
    get: foreignOperation('getFalResult', {
      summary: 'fal API: the result of a request',
      ...{ url, path: request },
    }),
  },
  [`${at}/status`]: {
    get: foreignOperation('getFalStatus', {
      summary: 'fal API: the status of a request',
      ...{ url, path: request },
    }),
  },
  [`${at}/status/stream`]: {
    get: streamed(
      foreignOperation('followFal', {
        summary: 'fal API: the status of a request, whenever it changes',
        ...{ url, path: request },
      }),
    ),
  },
  [`${at}/cancel`]: {
    put: foreignOperation('cancelFal', {
      summary: 'fal API: cancel a request',
      ...{ url, path: request },
    }),
  },
  '/fal/.well-known/jwks.json': {
    get: {
      ...foreignOperation('getFalKeys', {
        summary: 'The keys that fal’s webhooks are verified with here',
        ...{ url, path: z.object({}) },
      }),
      security: [],
    },
  },
}

function streamed(operation: ReturnType<typeof foreignOperation>) {
  const events = content('Server-sent events, up to `COMPLETED`.', 'text/event-stream')
  return { ...operation, responses: { ...operation.responses, 200: events } }
}
