import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'

type Trace = { created: boolean; sent: boolean }

const currentTrace = new AsyncLocalStorage<Trace>()
const tracesByRequest = new WeakMap<object, Trace>()

/**
 * Runs `send` and tells afterwards whether its `fetch` provably never put a byte of the request on the wire
 * (refused, unknown host, TLS trouble). Nothing seen counts as sent. For an SDK that drops the cause of a
 * failed fetch, which is what tells a free failure from one that may be on the bill.
 */
export const traceRequest = <T>(send: () => Promise<T>) => {
  const trace: Trace = { created: false, sent: false }
  return {
    result: currentTrace.run(trace, send),
    neverSent: () => trace.created && !trace.sent,
  }
}

// Node's fetch publishes these (undici, docs/api/DiagnosticsChannel); a request keeps its identity across them.
subscribe('undici:request:create', (message) => {
  const trace = currentTrace.getStore()
  if (!trace) return
  trace.created = true
  tracesByRequest.set((message as { request: object }).request, trace)
})
subscribe('undici:client:sendHeaders', (message) => {
  const trace = tracesByRequest.get((message as { request: object }).request)
  if (trace) trace.sent = true
})
