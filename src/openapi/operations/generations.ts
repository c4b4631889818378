import { z } from 'zod'
import { bulkReportSchema, bulkRequestSchema } from '../../contract/bulk.ts'
import { generationQuerySchema } from '../../contract/generation-filter.ts'
import { generationHistorySchema } from '../../contract/generation-history.ts'
import { imageMimeTypeSchema } from '../../contract/vocabulary.ts'
import { answer, BEARER, content, empty, json, type Operations, operation } from '../operation.ts'
import {
  countedPage,
  generation,
  idempotencyKey,
  ifNoneMatch,
  pageQuery,
  generationPath as path,
  prefer,
  upstreamKey,
} from '../schemas.ts'

const TAG = 'Generations'

export const generations: Operations = {
  '/api/generations': {
    get: operation(TAG, 'listGenerations', {
      summary: 'Your generations, newest first',
      description:
        'Operators see another owner’s with `owner=<id>`, everybody’s with `owner=*`. `q` finds prompts by their words: all of them, "in a row" in quotes, `or`, `-` before what must not be there; the last may be the beginning of one. `source` finds those that were answers so. `sort=dearest` sorts the newest 10,000.',
      query: generationQuerySchema.extend({
        ...pageQuery.shape,
        status: z
          .string()
          .optional()
          .meta({ description: 'Several with commas between.', example: 'queued,running' }),
      }),
      answers: {
        200: answer(
          'A page; `Link: rel="next"` has the next.',
          countedPage('generations', generation),
        ),
      },
      problems: [400, 403],
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
        '`snapshot` first, then `generation.queued`, `.running`, `.retrying`, and one of `.succeeded`, `.failed`, `.canceled`, after which the stream ends. Data: `{type, sequence, generation}`. At the address in `urls.events`, which is signed, it wants no token, and pages of any origin may read it.',
      security: [...BEARER, {}],
      path,
      query: z.object({
        exp: z.string().optional().meta({ description: 'When the signed address ends.' }),
        signature: z.string().optional().meta({ description: 'Stands in for a token.' }),
        lastEventId: z
          .string()
          .optional()
          .meta({ description: 'The same as `Last-Event-ID`, where no header can be sent.' }),
      }),
      headers: z.object({
        'Last-Event-ID': z.string().optional().meta({ description: 'Resumes after this event.' }),
      }),
      answers: {
        200: content('The events.', 'text/event-stream'),
        204: empty('Resumed, and nothing is left.'),
      },
      problems: [404, 429, 503],
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
  '/api/generations/{id}/history': {
    get: operation(TAG, 'getHistory', {
      summary: 'What happened to it: events, attempts and their steps',
      path,
      answers: {
        200: answer('In the order of time.', generationHistorySchema.meta({ id: 'History' })),
      },
      problems: [404, 503],
    }),
  },
  '/api/generations/{id}/surplus/{digest}': {
    get: operation(TAG, 'getSurplus', {
      summary:
        'What a call brought besides the image: another picture, or bytes that do not decode',
      description:
        'Listed by `history`. As an attachment; `application/octet-stream` unless it decodes.',
      path: path.extend({
        digest: z.string().meta({ description: 'Its `digest`.', example: 'a'.repeat(64) }),
      }),
      answers: {
        200: content(
          'The bytes as they were kept.',
          'application/octet-stream',
          ...imageMimeTypeSchema.options,
        ),
      },
      problems: [404, 503],
    }),
  },
  '/api/generations/{id}/retry': {
    post: operation(TAG, 'retryGeneration', {
      summary: 'Ask again for one that failed or was canceled',
      description: 'What a caller’s own key was to pay for wants that key again.',
      path,
      headers: z.object(upstreamKey),
      answers: {
        200: answer('It exists meanwhile.', generation),
        202: answer('It is queued again.', generation),
      },
      problems: [400, 403, 404, 409, 429, 503],
    }),
  },
  '/api/generations/{id}/regenerate': {
    post: operation(TAG, 'regenerate', {
      summary: 'Make another image of the same request; it is paid for',
      path,
      headers: z.object({ ...idempotencyKey, ...upstreamKey }),
      answers: {
        200: answer('It is made already, for the same key.', generation),
        202: answer('The new generation, on its way.', generation),
      },
      problems: [400, 403, 404, 409, 422, 429, 503],
    }),
  },
  '/api/generations/bulk': {
    post: operation(TAG, 'changeGenerations', {
      summary: 'Retry or cancel many by a filter',
      description: 'Up to 1,000 at once; `nextCursor` goes on. `dryRun` only counts.',
      headers: z.object(upstreamKey),
      body: json(bulkRequestSchema.meta({ id: 'BulkRequest' }), {
        action: 'retry',
        filter: { status: ['failed'], errorCode: 'overloaded' },
        dryRun: true,
      }),
      answers: { 200: answer('What was changed.', bulkReportSchema.meta({ id: 'BulkReport' })) },
      problems: [400, 403, 413, 415, 503],
    }),
  },
}
