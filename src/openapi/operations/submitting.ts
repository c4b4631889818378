import { z } from 'zod'
import { answer, json, type Operations, operation } from '../operation.ts'
import { generation, generationRequest, idempotencyKey, prefer } from '../schemas.ts'

const TAG = 'Submitting'
const problems = [400, 413, 415, 422, 429, 503] as const
const example = { prompt: 'a red bicycle', aspectRatio: '16:9' }

export const submitting: Operations = {
  '/api/visualize/generate': {
    post: operation(TAG, 'submitGeneration', {
      summary: 'Ask for an image',
      description:
        'Identical requests of an owner are one generation, paid once, however often and from wherever it is asked for. A failure is answered with 200, `status: "failed"`, a placeholder and an `error`.',
      headers: z.object({ ...prefer, ...idempotencyKey }),
      body: json(generationRequest, example),
      answers: {
        200: answer('The image exists, or was finished within `Prefer: wait`.', generation),
        202: answer('It is on its way: see `Location` and `Retry-After`.', generation),
      },
      problems,
    }),
  },
  '/api/visualize/image': {
    post: {
      ...operation(TAG, 'makeImage', {
        summary: 'Make a new image, and wait for it',
        description: 'The older endpoint: every call pays. Use `submitGeneration`.',
        body: json(generationRequest, example),
        answers: {
          200: answer('The new image.', generation),
          202: answer('It takes longer than a person should wait.', generation),
        },
        problems,
      }),
      deprecated: true,
    },
  },
}
