import type { GenerationAttempt, GenerationHistory } from '../../src/contract/generation-history.ts'

/** A stretch of time in which one thing was done, in milliseconds since its run began. */
export type Span = {
  name: string
  kind: 'wait' | 'call' | 'work' | 'good' | 'bad'
  startMs: number
  endMs: number
  detail?: string
}

/** What happened from one asking to its end, or until now. */
export type Run = { startedAt: string; lengthMs: number; spans: Span[] }

type Event = GenerationHistory['events'][number]

/** The askings in a history, oldest first. */
export const listRuns = ({ events, attempts }: GenerationHistory, nowMs: number): Run[] => {
  const starts = events.filter(({ type }) => type === 'generation.queued')
  if (starts.length === 0 && events[0]) starts.push(events[0])
  return starts.map((start, index) => {
    const fromMs = index === 0 ? Number.NEGATIVE_INFINITY : Date.parse(start.at)
    const toMs = Date.parse(starts[index + 1]?.at ?? '') || Number.POSITIVE_INFINITY
    const isWithin = (at: string) => Date.parse(at) >= fromMs && Date.parse(at) < toMs
    return describeRun(
      start.at,
      events.filter(({ at }) => isWithin(at)),
      attempts.filter(({ startedAt }) => isWithin(startedAt)),
      nowMs,
    )
  })
}

const describeRun = (
  startedAt: string,
  events: Event[],
  attempts: GenerationAttempt[],
  nowMs: number,
): Run => {
  const originMs = Date.parse(startedAt)
  const since = (at: string) => Math.max(0, Date.parse(at) - originMs)
  const isOver = events.some(({ type }) => ends[type])
  const last = [...events.map(({ at }) => at), ...attempts.flatMap(endsOf)].map(since)
  const lengthMs = Math.max(1, ...last, isOver ? 0 : nowMs - originMs)
  const spans = [
    ...events.flatMap((event, index) => describeEvent(event, events[index + 1], since, lengthMs)),
    ...attempts.flatMap((attempt) => describeAttempt(attempt, since, lengthMs)),
  ]
  spans.sort((a, b) => order(a) - order(b))
  return { startedAt, lengthMs, spans }
}

/** By their starts; the end of all last, though Postgres may date it before the worker has heard of it. */
const order = ({ kind, startMs }: Span): number =>
  kind === 'good' || kind === 'bad' ? Number.POSITIVE_INFINITY : startMs

const ends: Record<string, { name: string; kind: Span['kind'] }> = {
  'generation.succeeded': { name: 'Succeeded', kind: 'good' },
  'generation.failed': { name: 'Failed', kind: 'bad' },
  'generation.canceled': { name: 'Canceled', kind: 'bad' },
}

const describeEvent = (
  { type, at, errorCode }: Event,
  next: Event | undefined,
  since: (at: string) => number,
  lengthMs: number,
): Span[] => {
  const startMs = since(at)
  const detail = errorCode ? { detail: errorCode } : {}
  const end = ends[type]
  if (end) return [{ ...end, startMs, endMs: startMs, ...detail }]
  if (type === 'generation.running') return []
  const name = type === 'generation.retrying' ? 'Waiting to try again' : 'In the queue'
  return [{ name, kind: 'wait', startMs, endMs: next ? since(next.at) : lengthMs, ...detail }]
}

const steps: Record<string, string> = {
  claimed: 'Taken by a worker',
  compared: 'Comparing prompts',
  probed: 'Looking for stored bytes',
  adopted: 'Earlier bytes adopted',
  intent_recorded: 'Intent to pay written',
  answered: 'The model’s answer',
  spooled: 'Bytes to disk',
  outcome_recorded: 'Cost written down',
  inspected: 'Decoding and cleaning',
  stored: 'To the image store',
  committed: 'Written to Postgres',
}

const describeAttempt = (
  attempt: GenerationAttempt,
  since: (at: string) => number,
  lengthMs: number,
): Span[] => {
  const spans = attempt.steps
    .filter(({ durationMs, step }) => durationMs > 0 || step === 'answered')
    .map(({ step, at, durationMs }): Span => {
      const endMs = since(at)
      const kind = step === 'answered' ? 'call' : 'work'
      return { name: steps[step] ?? step, kind, startMs: Math.max(0, endMs - durationMs), endMs }
    })
  if (spans.some(({ kind }) => kind === 'call')) return spans
  if (attempt.steps.some(({ step }) => step === 'adopted')) return spans
  return [...spans, describeUnansweredCall(attempt, since, lengthMs)]
}

/** One that failed, is under way, or whose worker died. */
const describeUnansweredCall = (
  { startedAt, finishedAt, steps, outcome }: GenerationAttempt,
  since: (at: string) => number,
  lengthMs: number,
): Span => ({
  name: 'Call to the model',
  kind: 'call',
  startMs: since(steps.at(-1)?.at ?? startedAt),
  endMs: finishedAt ? since(finishedAt) : lengthMs,
  ...(outcome && outcome !== 'image' && { detail: outcome }),
})

const endsOf = ({ finishedAt, steps }: GenerationAttempt): string[] =>
  [finishedAt, steps.at(-1)?.at].filter((at) => at !== undefined)
