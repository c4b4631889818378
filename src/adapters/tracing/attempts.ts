import { context, createContextKey, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import type { RunOutcome } from '../../generation/run/run-deps.ts'
import type { RunStep } from '../../generation/run/steps.ts'
import type { Tracing } from './ports.ts'

/** What lies between two steps; the call and the store have spans of their own. */
const spanNames: Partial<Record<RunStep, string>> = {
  compared: 'compare',
  probed: 'probe',
  intent_recorded: 'record intent',
  spooled: 'spool',
  outcome_recorded: 'record outcome',
  committed: 'commit',
}

const LAST_STEP = createContextKey('the time of the last step')

/** An attempt, and its steps inside. */
export const createAttemptTracing = (tracer: Tracer): Pick<Tracing, 'traceAttempt' | 'onStep'> => {
  const traceAttempt: Tracing['traceAttempt'] = (generationId, run) => {
    const attributes = { 'imageonce.generation_id': generationId }
    const span = tracer.startSpan('attempt', { attributes })
    const inside = trace.setSpan(context.active(), span).setValue(LAST_STEP, { at: 0 })
    return context.with(inside, async () => {
      try {
        const outcome = await run()
        span.setAttribute('imageonce.outcome', describeOutcome(outcome))
        return outcome
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR })
        throw error
      } finally {
        span.end()
      }
    })
  }
  const onStep: Tracing['onStep'] = (_generationId, step) => {
    const last = context.active().getValue(LAST_STEP) as { at: number } | undefined
    if (!last) return
    const now = performance.now()
    const name = spanNames[step]
    if (name) tracer.startSpan(name, { startTime: last.at }).end(now)
    last.at = now
  }
  return { traceAttempt, onStep }
}

const describeOutcome = (outcome: RunOutcome): string => {
  if (outcome.kind !== 'finished') return outcome.kind
  return outcome.status === 'failed' ? outcome.code : outcome.status
}
