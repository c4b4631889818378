import { z } from 'zod'
import { analyticsQuerySchema } from '../../contract/analytics.ts'
import {
  reconcileQuerySchema,
  reconciliationAnswerSchema,
  reconciliationListSchema,
  reconciliationSchema,
} from '../../contract/reconciliation.ts'
import { savingsSchema, statementSchema } from '../../contract/savings.ts'
import { answer, content, type Operations, operation } from '../operation.ts'

const TAG = 'Books'

const reconciliation = reconciliationSchema.meta({ id: 'Reconciliation' })

export const books: Operations = {
  '/api/analytics/savings': {
    get: operation(TAG, 'readSavings', {
      summary: 'What was bought, what was saved, and what it would have cost',
      description: 'The last 7 UTC days by default. Operators read all owners together, or one.',
      query: analyticsQuerySchema,
      answers: { 200: answer('The figures, by source and by model.', savingsSchema) },
      problems: [400, 403, 503],
    }),
  },
  '/api/statements/{file}': {
    get: operation(TAG, 'readStatement', {
      summary: 'The same of a UTC month, to be kept',
      description: '`2026-11` as JSON, `2026-11.md` for people, `2026-11.csv` for sheets.',
      path: z.object({ file: z.string() }),
      query: analyticsQuerySchema.pick({ owner: true }),
      answers: {
        200: {
          ...answer('The statement.', statementSchema),
          content: {
            'application/json': { schema: statementSchema },
            ...content('', 'text/markdown', 'text/csv').content,
          },
        },
      },
      problems: [400, 403, 404, 503],
    }),
  },
  '/api/reconciliations': {
    post: operation(TAG, 'reconcile', {
      summary: 'For operators: compare a provider’s bill with what is booked',
      description:
        'A CSV, as Google and OpenAI export it, or with a row for each call. With `settle` calls of unknown cost are booked at what the bill says.',
      query: reconcileQuerySchema,
      body: { required: true, content: { 'text/csv': { schema: z.string() } } },
      answers: { 201: answer('What came of it; it is kept.', reconciliation) },
      problems: [400, 403, 413, 415, 503],
    }),
    get: operation(TAG, 'listReconciliations', {
      summary: 'For operators: the bills that were compared, newest first',
      answers: { 200: answer('The last 100, without their details.', reconciliationListSchema) },
      problems: [403, 503],
    }),
  },
  '/api/reconciliations/{id}': {
    get: operation(TAG, 'readReconciliation', {
      summary: 'For operators: one of them, and what it has settled',
      path: z.object({ id: z.string().meta({ description: 'Or `latest`.' }) }),
      answers: { 200: answer('All of it.', reconciliationAnswerSchema) },
      problems: [403, 404, 503],
    }),
  },
}
