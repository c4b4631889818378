import { context, propagation, type Tracer, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { waitAtMost } from '../../lib/time.ts'
import { VERSION } from '../../lib/version.ts'
import { createAttemptTracing } from './attempts.ts'
import { wrapProvider, wrapStore } from './outgoing-calls.ts'
import type { Tracing } from './ports.ts'
import { createQueueTelemetry } from './queue.ts'
import { createRequestTracing } from './requests.ts'

/** How long the last spans are tried to be sent. */
const CLOSE_MS = 2_000

/** Loaded only where traces are wanted: it brings OpenTelemetry with it. */
export const openTracing = (endpoint: string, serviceName: string): Tracing => {
  const exporter = new OTLPTraceExporter({ url: toTracesUrl(endpoint) })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName, 'service.version': VERSION }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  })
  const tracer: Tracer = provider.getTracer('imageonce', VERSION)
  // bullmq-otel knows no other way than the globals.
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  trace.setGlobalTracerProvider(provider)

  const close = async (): Promise<void> => {
    await waitAtMost(
      provider.shutdown().catch(() => {}),
      CLOSE_MS,
    )
    trace.disable()
    propagation.disable()
    context.disable()
  }
  return {
    startRequest: createRequestTracing(tracer),
    queue: createQueueTelemetry(),
    ...createAttemptTracing(tracer),
    wrapProvider: wrapProvider.bind(undefined, tracer),
    wrapStore: wrapStore.bind(undefined, tracer),
    close,
  }
}

/** As the setting is defined (opentelemetry.io, OTLP exporter configuration): the signal's path is added. */
const toTracesUrl = (endpoint: string): string => `${endpoint.replace(/\/+$/, '')}/v1/traces`
