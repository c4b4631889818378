import type { IncomingHttpHeaders } from 'node:http'
import type { Telemetry } from 'bullmq'
import type { ImageStore, Provider } from '../../generation/ports.ts'
import type { RunOutcome } from '../../generation/run/run-deps.ts'
import type { RunStep } from '../../generation/run/steps.ts'

/** Draws what happens as one trace, from a request to its image. Nothing of it knows prompts, tokens or addresses. */
export type Tracing = {
  /** Begins the span of a request; undefined for one that is not worth a span. */
  startRequest: (path: string, headers: IncomingHttpHeaders) => RequestSpan | undefined
  /** Lets a trace go on through the queue, for BullMQ's `telemetry`. */
  queue: Telemetry
  /** One try at a generation. */
  traceAttempt: (generationId: string, run: () => Promise<RunOutcome>) => Promise<RunOutcome>
  /** Draws the steps of the attempt that it is called in. */
  onStep: (generationId: string, step: RunStep) => void
  wrapProvider: (provider: Provider) => Provider
  wrapStore: (store: ImageStore) => ImageStore
  /** Sends what has not been sent, for a few seconds at most. */
  close: () => Promise<void>
}

export type RequestSpan = {
  /** Runs what belongs to the request. */
  run: (work: () => void) => void
  end: (request: { method: string; route: string | undefined; status: number }) => void
}

export type TracingConfig = { endpoint: string | undefined; serviceName: string }
