import type { RateClass } from './rate-classes.ts'

/** Not counted: what watches over the service asks it, and a flood of it costs no more than refusing it would. */
type Uncounted = 'probe'

/** The class of every route there is. One that is missing fails a test. */
const CLASS_OF_ROUTE: Record<string, RateClass | Uncounted> = {
  'GET /livez': 'probe',
  'GET /readyz': 'probe',
  'GET /metrics': 'page',
  'GET /openapi.json': 'page',

  'POST /api/session': 'sign-in',
  'GET /api/session': 'page',
  'DELETE /api/session': 'page',

  'POST /api/visualize/generate': 'ask',
  'POST /api/visualize/image': 'ask',
  'POST /api/visualize/explain': 'explain',
  'POST /gemini/:version/models/:call': 'ask',
  'GET /gemini/:version/models': 'read',
  'GET /gemini/:version/models/:model': 'read',
  'POST /openai/v1/images/generations': 'ask',
  'POST /openai/v1/images/edits': 'ask',
  'GET /openai/v1/models': 'read',
  'GET /openai/v1/models/:id': 'read',
  'GET /fal/.well-known/jwks.json': 'page',
  'GET /fal/proxy': 'read',
  'POST /fal/proxy': 'ask',
  'PUT /fal/proxy': 'change',
  'GET /fal/:owner/*': 'read',
  'POST /fal/:owner/*': 'ask',
  'PUT /fal/:owner/*': 'change',
  'POST /api/generations/:id/retry': 'ask',
  'POST /api/generations/:id/regenerate': 'ask',
  'POST /api/generations/:id/cancel': 'change',
  'POST /api/generations/:id/feedback': 'change',
  'POST /api/generations/bulk': 'change',
  'GET /api/find': 'read',
  'GET /api/generations': 'read',
  'GET /api/generations/:id': 'read',
  'GET /api/generations/:id/events': 'read',
  'GET /api/generations/:id/history': 'read',
  'GET /api/generations/:id/surplus/:digest': 'read',
  'GET /api/generations/:id/answers': 'read',

  'GET /images/:file': 'image',
  'GET /api/images': 'read',
  'POST /api/images': 'upload',
  'DELETE /api/images/:id': 'change',

  'POST /api/images/:id/url': 'change',
  'GET /api/images/:id/receipt': 'read',
  'POST /api/images/:id/receipt/link': 'change',
  'GET /api/receipts/:id': 'page',

  'POST /api/keys': 'change',
  'GET /api/keys': 'read',
  'DELETE /api/keys/:id': 'change',
  'POST /api/sessions/end': 'change',

  'GET /api/spending': 'read',
  'POST /api/spending/pause': 'change',
  'POST /api/spending/resume': 'change',
  'GET /api/batches': 'read',
  'POST /api/batches/:id/cancel': 'change',

  'GET /api/budgets': 'read',
  'PUT /api/budgets/:scope': 'change',
  'DELETE /api/budgets/:scope': 'change',

  'DELETE /api/me': 'change',
  'DELETE /api/me/sessions': 'change',
  'GET /api/me/erasure': 'read',
  'GET /api/me/export': 'change',
  'DELETE /api/owners/:id': 'change',
  'GET /api/owners/:id/erasure': 'read',
  'GET /api/owners/:id/export': 'change',

  'POST /api/saved-items': 'change',
  'GET /api/saved-items': 'read',
  'GET /api/saved-items/:id': 'read',
  'PATCH /api/saved-items/:id': 'change',
  'DELETE /api/saved-items/:id': 'change',

  'POST /api/hooks/save': 'hook',
  'POST /api/hooks/webhooks': 'hook',
  'GET /api/hooks/webhooks': 'hook',
  'DELETE /api/hooks/webhooks': 'hook',

  'POST /api/webhooks': 'change',
  'GET /api/webhooks': 'read',
  'GET /api/webhooks/:id': 'read',
  'PATCH /api/webhooks/:id': 'change',
  'DELETE /api/webhooks/:id': 'change',
  'POST /api/webhooks/:id/rotate-secret': 'change',
  'POST /api/webhooks/:id/test': 'webhook-test',
  'GET /api/webhooks/:id/deliveries': 'read',
  'GET /api/webhooks/:id/deliveries/:deliveryId': 'read',
  'POST /api/webhooks/:id/deliveries/:deliveryId/redeliver': 'webhook-test',

  'POST /api/telemetry': 'telemetry',
  'GET /api/similarity': 'read',
  'PUT /api/similarity': 'change',
  'GET /api/similarity/checks': 'read',
  'GET /api/analytics/summary': 'read',
  'GET /api/analytics/timeseries': 'read',
  'GET /api/analytics/owners': 'read',
  'GET /api/analytics/owners.csv': 'read',
  'GET /api/alerts': 'read',
  'GET /api/alerts/history': 'read',
  'GET /api/info': 'read',
  'GET /api/status': 'read',
  'GET /api/settings': 'read',
}

type Found = RateClass | Uncounted

const withoutParts = new Map(Object.entries(CLASS_OF_ROUTE).filter(([route]) => !/:/.test(route)))

const withParts = Object.entries(CLASS_OF_ROUTE)
  .filter(([route]) => route.includes(':'))
  .map(([route, found]) => {
    const pattern = route.replaceAll('.', '\\.').replace(/:\w+/g, '[^/]+').replace('*', '.+')
    return { pattern: new RegExp(`^${pattern}$`), found }
  })

/**
 * The class of a request; undefined for what no route answers. As Express matches routes: of either case, with or without a slash at
 * the end, and HEAD as GET.
 */
export const findRateClass = (method: string, path: string): Found | undefined => {
  const verb = method === 'HEAD' ? 'GET' : method
  const exact = withoutParts.get(`${verb} ${path}`)
  if (exact) return exact
  const route = `${verb} ${path.toLowerCase().replace(/\/$/, '')}`
  return withoutParts.get(route) ?? withParts.find(({ pattern }) => pattern.test(route))?.found
}
