import { z } from 'zod'
import { answer, json, type Operations, operation } from '../operation.ts'
import {
  explanation,
  generationRequest,
  idempotencyKey,
  prefer,
  submitted,
  upstreamKey,
} from '../schemas.ts'

const TAG = 'Submitting'
const problems = [400, 403, 413, 415, 422, 429, 503] as const
const example = { prompt: 'a red bicycle', aspectRatio: '16:9' }

export const submitting: Operations = {
  '/api/visualize/generate': {
    post: operation(TAG, 'submitGeneration', {
      summary: 'Ask for an image',
      description:
        'Identical requests of an owner are one generation, paid once, however often and from wherever it is asked for. A failure is answered with 200, `status: "failed"`, a placeholder and an `error`. What a model can do (images, seed, thinking level, turns) is in `GET /api/info`; what it can’t is a 400, and costs nothing.',
      headers: z.object({ ...prefer, ...idempotencyKey, ...upstreamKey }),
      body: json(generationRequest, example),
      answers: {
        200: answer(
          'The image exists, or was finished within `Prefer: wait`; of several, all.',
          submitted,
        ),
        202: answer('It is on its way: see `Location` and `Retry-After`.', submitted),
      },
      problems,
    }),
  },
  '/api/visualize/explain': {
    post: operation(TAG, 'explainRequest', {
      summary: 'What a request would do and cost, without doing it',
      description:
        'As of this moment: whether the image exists (`reuse`), is under way (`join`), would be bought (`buy`), bought once it may be (`wait`), or refused (`refuse`); from what, at which price, and how long it would take. Nothing is stored or bought. What would refuse the request is told with 200.',
      headers: z.object({ ...idempotencyKey, ...upstreamKey }),
      body: json(generationRequest, example),
      answers: { 200: answer('What would come of it.', explanation) },
      problems: [400, 413, 415, 429, 503],
    }),
  },
  '/api/visualize/image': {
    post: {
      ...operation(TAG, 'makeImage', {
        summary: 'Make a new image, and wait for it',
        description: 'The older endpoint: every call pays. Use `submitGeneration`.',
        headers: z.object(upstreamKey),
        body: json(generationRequest, example),
        answers: {
          200: answer('The new image.', submitted),
          202: answer('It takes longer than a person should wait.', submitted),
        },
        problems,
      }),
      deprecated: true,
    },
  },
}
