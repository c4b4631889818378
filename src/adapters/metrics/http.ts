import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** A request that has been answered, or whose caller has gone. */
type EndedRequest = {
  method: string
  /** The route's pattern, never the address; undefined where none matched. */
  route: string | undefined
  status: number
  durationMs: number
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** What the HTTP server does. A stream is counted while it is open; how long it lasts is its reader's affair. */
export const createHttpMetrics = (registry: Registry) => {
  const registers = [registry]
  const duration = new Histogram({
    name: 'imageonce_http_request_duration_seconds',
    help: 'Requests by route and class of status, to the end of the answer; waiting for an image counts.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  })
  const inFlight = new Gauge({
    name: 'imageonce_http_requests_in_flight',
    help: 'Requests being answered, open event streams among them.',
    registers,
  })
  const streams = new Gauge({
    name: 'imageonce_event_streams_open',
    help: 'Event streams that somebody reads.',
    registers,
  })
  const streamsTotal = new Counter({
    name: 'imageonce_event_streams_total',
    help: 'Event streams that were opened.',
    registers,
  })

  /** To be called when a request arrives; the result when it has ended. */
  const startRequest = () => {
    inFlight.inc()
    return ({ method, route = 'none', status, durationMs }: EndedRequest, isStream = false) => {
      inFlight.dec()
      if (isStream) return
      const labels = {
        method: METHODS.has(method) ? method : 'other',
        route,
        status: `${Math.floor(status / 100)}xx`,
      }
      duration.observe(labels, durationMs / 1_000)
    }
  }
  /** To be called when a stream opens; the result when it has ended. */
  const openStream = () => {
    streams.inc()
    streamsTotal.inc()
    return () => streams.dec()
  }
  return { startRequest, openStream }
}
