import {
  context,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { ImageStore, Provider } from '../../generation/ports.ts'
import { isProviderError } from '../../lib/errors.ts'
import { toUsd } from '../../lib/money.ts'

/** The same provider, with a span for each call. Its requests carry no trace header. */
export const wrapProvider = (tracer: Tracer, provider: Provider): Provider => ({
  ...provider,
  call: (request, signal) =>
    inSpan(tracer, 'call model', { 'imageonce.model': request.model }, async (span) => {
      try {
        const result = await provider.call(request, signal)
        span.setAttribute('imageonce.cost_usd', toUsd(result.costNanoUsd))
        return result
      } catch (error) {
        span.setAttribute('error.type', isProviderError(error) ? error.code : 'interrupted')
        throw error
      }
    }),
})

/** The same store, with a span for each operation on one object. */
export const wrapStore = (tracer: Tracer, store: ImageStore): ImageStore => {
  const attributes = { 'imageonce.store': store.kind }
  const traced =
    <Args extends unknown[], Result>(name: string, run: (...args: Args) => Promise<Result>) =>
    (...args: Args): Promise<Result> =>
      inSpan(tracer, `store ${name}`, attributes, () => run(...args))
  return {
    ...store,
    put: traced('put', store.put),
    find: traced('find', store.find),
    ...(store.open && { open: traced('open', store.open) }),
    has: traced('has', store.has),
    delete: traced('delete', store.delete),
  }
}

const inSpan = async <Result>(
  tracer: Tracer,
  name: string,
  attributes: Record<string, string>,
  work: (span: Span) => Promise<Result>,
): Promise<Result> => {
  const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes })
  try {
    return await context.with(trace.setSpan(context.active(), span), () => work(span))
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR })
    throw error
  } finally {
    span.end()
  }
}
