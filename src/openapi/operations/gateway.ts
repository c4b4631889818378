import { z } from 'zod'
import type { ZodOpenApiOperationObject } from 'zod-openapi'
import { answer, type Operations, operation } from '../operation.ts'
import { idempotencyKey, upstreamKey } from '../schemas.ts'

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
  path?: z.ZodObject
  /** Of one that may ask for an image. */
  asks?: boolean
  /** Of one whose body may be a form, too. */
  isForm?: boolean
}

const json = { 'application/json': { schema: foreign } }
const form = { 'multipart/form-data': { schema: foreign } }

/** An operation of another API: bodies, answers and problems are as that has them. */
export const foreignOperation = (id: string, options: Options) => {
  const { url, path, asks, isForm, summary, description } = options
  const asked = operation(TAG, id, {
    summary: summary ?? '',
    ...(path && { path }),
    ...(description && { description }),
    ...(asks && { headers: z.object({ ...wishes, ...idempotencyKey, ...upstreamKey }) }),
    answers: {},
  })
  return {
    ...asked,
    externalDocs: { url },
    ...(asks && { requestBody: { content: isForm ? { ...json, ...form } : json } }),
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
      description:
        '`call` is `{model}:generateContent`, `{model}:streamGenerateContent` or `{model}:countTokens`. What asks for one picture is made once; everything else is handed on.',
      url: 'https://ai.google.dev/api/generate-content',
      path: z.object({ version, call: z.string() }),
      asks: true,
    }),
  },
  '/openai/v1/images/generations': {
    post: foreignOperation('generateByOpenai', {
      summary: 'OpenAI API: create image',
      url: 'https://platform.openai.com/docs/api-reference/images/create',
      asks: true,
    }),
  },
  '/openai/v1/images/edits': {
    post: foreignOperation('editByOpenai', {
      summary: 'OpenAI API: create image edit',
      description: 'A form (`multipart/form-data`), or JSON that means the same.',
      url: 'https://platform.openai.com/docs/api-reference/images/createEdit',
      asks: true,
      isForm: true,
    }),
  },
  '/openai/v1/models': {
    get: foreignOperation('listOpenaiModels', {
      summary: 'OpenAI API: list models',
      url: 'https://platform.openai.com/docs/api-reference/models/list',
    }),
  },
  '/openai/v1/models/{id}': {
    get: foreignOperation('getOpenaiModel', {
      summary: 'OpenAI API: retrieve model',
      url: 'https://platform.openai.com/docs/api-reference/models/retrieve',
      path: z.object({ id: z.string() }),
    }),
  },
  '/gemini/{version}/models': {
    get: foreignOperation('listGeminiModels', {
      summary: 'Gemini API: models.list',
      url: 'https://ai.google.dev/api/models',
      path: z.object({ version }),
    }),
  },
  '/gemini/{version}/models/{model}': {
    get: foreignOperation('getGeminiModel', {
      summary: 'Gemini API: models.get',
      url: 'https://ai.google.dev/api/models',
      path: z.object({ version, model: z.string() }),
    }),
  },
}
