import {
  analyticsOwnersQuerySchema,
  analyticsOwnersSchema,
  analyticsQuerySchema,
  analyticsSummarySchema,
  analyticsTimeseriesSchema,
} from '../../contract/analytics.ts'
import { answer, content, type Operations, operation } from '../operation.ts'

const TAG = 'Analytics'
const problems = [400, 403, 503] as const

export const analytics: Operations = {
  '/api/analytics/summary': {
    get: operation(TAG, 'summarize', {
      summary: 'What was asked for, reused, spent and saved',
      description: 'The last 7 UTC days by default. Operators read all owners together, or one.',
      query: analyticsQuerySchema,
      answers: {
        200: answer('The figures, and those of the days before.', analyticsSummarySchema),
      },
      problems,
    }),
  },
  '/api/analytics/timeseries': {
    get: operation(TAG, 'listDays', {
      summary: 'The same figures, day by day',
      query: analyticsQuerySchema,
      answers: { 200: answer('One point for every day.', analyticsTimeseriesSchema) },
      problems,
    }),
  },
  '/api/analytics/owners': {
    get: operation(TAG, 'listOwners', {
      summary: 'The figures of each owner, for operators',
      query: analyticsOwnersQuerySchema,
      answers: {
        200: {
          ...answer('A page; as CSV all of them.', analyticsOwnersSchema),
          content: {
            'application/json': { schema: analyticsOwnersSchema },
            ...content('', 'text/csv').content,
          },
        },
      },
      problems,
    }),
  },
  '/api/analytics/owners.csv': {
    get: operation(TAG, 'downloadOwners', {
      summary: 'The figures of all owners, as a file',
      query: analyticsOwnersQuerySchema.omit({ limit: true, cursor: true, format: true }),
      answers: { 200: content('RFC 4180.', 'text/csv') },
      problems,
    }),
  },
}
