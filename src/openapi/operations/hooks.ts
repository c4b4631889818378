import { z } from 'zod'
import { saveHookSchema } from '../../contract/save-hook.ts'
import { answer, json, type Operations, operation } from '../operation.ts'

const TAG = 'Hooks'

/** Standard Webhooks' headers, which take the place of a token. */
export const signature = z.object({
  'webhook-id': z.string().meta({ example: 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W' }),
  'webhook-timestamp': z
    .string()
    .meta({ description: 'Seconds since 1970.', example: '1795350000' }),
  'webhook-signature': z
    .string()
    .meta({ example: 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=' }),
})

export const hooks: Operations = {
  '/api/hooks/save': {
    post: operation(TAG, 'saveByHook', {
      summary: 'Save from another server, by a signature',
      description: 'The image is asked for once the prompt has been left alone for a moment.',
      headers: signature,
      body: json(saveHookSchema.meta({ id: 'SaveHook' }), {
        ownerId: 'alice',
        itemId: 'article-7',
        prompt: 'a red bicycle',
      }),
      answers: { 202: answer('Taken.', z.object({ itemId: z.string() })) },
      problems: [400, 404, 409, 413, 415, 422, 503],
      security: [{ hook: [] }],
    }),
  },
}
