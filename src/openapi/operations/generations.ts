import { z } from 'zod'
import { answer, content, empty, type Operations, operation } from '../operation.ts'
import {
  generation,
  generationStatus,
  ifNoneMatch,
  page,
  pageQuery,
  generationPath as path,
  prefer,
} from '../schemas.ts'

const TAG = 'Generations'

export const generations: Operations = {
  '/api/generations': {
    get: operation(TAG, 'listGenerations', {
      summary: 'Your generations, newest first',
      query: pageQuery.extend({ status: generationStatus.optional() }),
      answers: {
        200: answer('A page; `Link: rel="next"` has the next.', page('generations', generation)),
      },
      problems: [400],
    }),
  },
  '/api/generations/{id}': {
    get: operation(TAG, 'getGeneration', {
      summary: 'Poll, or wait for the end',
      path,
      headers: z.object({ ...prefer, ...ifNoneMatch }),
      answers: {
        200: answer('The generation, with a strong `ETag`.', generation),
        304: empty('It has not changed.'),
      },
      problems: [400, 404, 503],
    }),
  },
  '/api/generations/{id}/events': {
    get: operation(TAG, 'followGeneration', {
      summary: 'Subscribe: server-sent events',
      description:
        '`snapshot` first, then `generation.queued`, `.running`, `.retrying`, and one of `.succeeded`, `.failed`, `.canceled`, after which the stream ends. Data: `{type, sequence, generation}`.',
      path,
      headers: z.object({
        'Last-Event-ID': z.string().optional().meta({ description: 'Resumes after this event.' }),
      }),
      answers: {
        200: content('The events.', 'text/event-stream'),
        204: empty('Resumed, and nothing is left.'),
      },
      problems: [404, 503],
    }),
  },
  '/api/generations/{id}/cancel': {
    post: operation(TAG, 'cancelGeneration', {
      summary: 'Cancel, and abort the call to the model',
      path,
      answers: { 200: answer('It is canceled.', generation) },
      problems: [404, 409, 503],
    }),
  },
}
