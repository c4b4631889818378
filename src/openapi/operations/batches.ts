import { z } from 'zod'
import { batchPageSchema, batchSchema } from '../../contract/batch.ts'
import { answer, type Operations, operation } from '../operation.ts'
import { pageQuery } from '../schemas.ts'

const TAG = 'Batches'
const batch = batchSchema.meta({ id: 'Batch' })
const path = z.object({ id: z.string().meta({ description: 'The batch’s id.' }) })

export const batches: Operations = {
  '/api/batches': {
    get: operation(TAG, 'listBatches', {
      summary: 'For operators: batch jobs, newest first',
      description:
        'With how many generations wait for one. Those that are closed are kept for 30 days.',
      query: pageQuery,
      answers: { 200: answer('A page.', batchPageSchema.extend({ batches: z.array(batch) })) },
      problems: [400, 403, 503],
    }),
  },
  '/api/batches/{id}/cancel': {
    post: operation(TAG, 'cancelBatch', {
      summary: 'For operators: cancel a batch',
      description:
        'What it has brought by then is taken and paid for; the rest goes back into the queue, and is made otherwise.',
      path,
      answers: { 200: answer('It is to be canceled.', batch) },
      problems: [403, 404, 409, 503],
    }),
  },
}
