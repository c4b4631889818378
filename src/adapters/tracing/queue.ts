import { SpanKind } from '@opentelemetry/api'
import type { Telemetry } from 'bullmq'
import { BullMQOtel } from 'bullmq-otel'

/**
 * Adding a job and processing it, with the trace in the job's options. What BullMQ does for itself (asking for the next
 * job, looking for stalled ones), every few seconds, is left out.
 */
export const createQueueTelemetry = (): Telemetry => {
  const { tracer, contextManager } = new BullMQOtel({ tracerName: 'bullmq' }) as Telemetry
  return {
    contextManager,
    tracer: {
      startSpan: (name, options, context) =>
        options?.kind === SpanKind.INTERNAL ? noSpan : tracer.startSpan(name, options, context),
    },
  }
}

/** What is done in it belongs to the span around it. */
const noSpan: ReturnType<Telemetry['tracer']['startSpan']> = {
  setSpanOnContext: (context) => context,
  setAttribute: () => {},
  setAttributes: () => {},
  addEvent: () => {},
  recordException: () => {},
  end: () => {},
}
