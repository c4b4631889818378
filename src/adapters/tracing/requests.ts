import type { IncomingHttpHeaders } from 'node:http'
import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { RequestSpan } from './ports.ts'

/** Monitoring asks for these every few seconds. */
const PROBES = /^\/(livez|readyz|metrics)\b/

/** A request's span goes on with the caller's trace (`traceparent`). Its name is the route, never the address. */
export const createRequestTracing =
  (tracer: Tracer) =>
  (path: string, headers: IncomingHttpHeaders): RequestSpan | undefined => {
    if (PROBES.test(path)) return undefined
    const parent = propagation.extract(ROOT_CONTEXT, headers)
    const span = tracer.startSpan('HTTP', { kind: SpanKind.SERVER }, parent)
    return {
      run: (work) => context.with(trace.setSpan(parent, span), work),
      end: ({ method, route, status }) => {
        span.updateName(route ? `${method} ${route}` : method)
        span.setAttribute('http.request.method', method)
        span.setAttribute('http.response.status_code', status)
        if (route) span.setAttribute('http.route', route)
        if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
        span.end()
      },
    }
  }
