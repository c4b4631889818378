import { alertEventSchema, alertsSchema } from '../../contract/alert.ts'
import { answer, type Operations, operation } from '../operation.ts'
import { page, pageQuery } from '../schemas.ts'

const TAG = 'Server'

export const alerts: Operations = {
  '/api/alerts': {
    get: operation(TAG, 'listAlerts', {
      summary: 'For operators: what is wrong, and what to do',
      description:
        'All alerts, those that fire first. Changes also go to webhooks and into the log.',
      answers: { 200: answer('All alerts, whether they fire or not.', alertsSchema) },
      problems: [403, 503],
    }),
  },
  '/api/alerts/history': {
    get: operation(TAG, 'listAlertEvents', {
      summary: 'For operators: when alerts fired and resolved, newest first',
      query: pageQuery,
      answers: {
        200: answer('A page.', page('events', alertEventSchema.meta({ id: 'AlertEvent' }))),
      },
      problems: [400, 403, 503],
    }),
  },
}
