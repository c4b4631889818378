import { z } from 'zod'
import type { ZodOpenApiOperationObject } from 'zod-openapi'
import { answer, type Operations, operation } from '../operation.ts'
import { idempotencyKey } from '../schemas.ts'

const TAG = 'Other APIs'

/** As the other API has it; what that is, its own documentation says. */
const foreign = z.looseObject({})

const wishes = {
  'Imageonce-Skip-Existing': z.enum(['true', 'false']).optional().meta({
    description: 'True buys a new image even when one exists.',
  }),
  'Imageonce-Variant': z.string().optional().meta({
    description: 'A label that sets an image apart from others of the same words.',
  }),
}

type Options = Pick<ZodOpenApiOperationObject, 'summary' | 'description'> & {
  /** Where the other API is described. */
  url: string
  path: z.ZodObject
  /** Of one that may ask for an image. */
  asks?: boolean
}

/** An operation of another API: bodies, answers and problems are as that has them. */
const foreignOperation = (id: string, { url, path, asks, summary, description }: Options) => {
  const asked = operation(TAG, id, {
    summary: summary ?? '',
    path,
    ...(description && { description }),
    ...(asks && { headers: z.object({ ...wishes, ...idempotencyKey }) }),
    answers: {},
  })
  return {
    ...asked,
    externalDocs: { url },
    ...(asks && { requestBody: { content: { 'application/json': { schema: foreign } } } }),
    responses: {
      200: answer('As the other API answers.', foreign),
      default: answer('A problem, as the other API tells it.', foreign),
    },
  }
}

const version = z.enum(['v1beta', 'v1'])

export const gateway: Operations = {
  '/gemini/{version}/models/{call}': {
    post: foreignOperation('callGemini', {
      summary: 'Gemini API: models.generateContent',
      description: '`call` is `{model}:generateContent`.',
      url: 'https://ai.google.dev/api/generate-content',
      path: z.object({ version, call: z.string() }),
      asks: true,
    }),
  },
}
