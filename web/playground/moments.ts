import type { GenerationResult } from '../../src/client.ts'
import { formatDuration, formatUsd } from '../parts/format.ts'

/** Something that happened on the way to an image, at so many milliseconds since it was asked for. */
export type Moment = {
  kind: 'sent' | 'queued' | 'retrying' | 'running' | 'reused' | 'stored' | 'failed' | 'canceled'
  title: string
  detail?: string
  afterMs: number
}

/** The moments with a state added: as a further one, or as news of the last. `number`: of which of several pictures. */
export const addMoment = (
  moments: readonly Moment[],
  state: GenerationResult,
  afterMs: number,
  number?: number,
): Moment[] => {
  const next = describeState(state)
  if (number !== undefined) {
    return [...moments, { ...next, title: `Picture ${number}: ${next.title}`, afterMs }]
  }
  const last = moments.at(-1)
  if (last?.kind === next.kind) return [...moments.slice(0, -1), { ...last, ...next }]
  return [...moments, { ...next, afterMs }]
}

const describeState = (state: GenerationResult): Omit<Moment, 'afterMs'> => {
  switch (state.status) {
    case 'queued':
      return describeQueued(state)
    case 'running':
      return {
        kind: 'running',
        title: (state.attempts ?? 0) > 1 ? `Running, attempt ${state.attempts}` : 'Running',
        detail: `${state.provider}, ${state.model}`,
      }
    case 'succeeded':
      return describeSuccess(state)
    case 'canceled':
      return { kind: 'canceled', title: 'Canceled' }
    case 'failed':
      return { kind: 'failed', title: 'Failed', detail: state.error?.code ?? 'unknown' }
  }
}

const describeQueued = ({ error, queuePosition }: GenerationResult): Omit<Moment, 'afterMs'> => {
  if (error) {
    const detail = `${error.code}: ${error.message}`
    return { kind: 'retrying', title: 'Waiting to try again', detail }
  }
  const title = 'Queued'
  return { kind: 'queued', title, ...(queuePosition && { detail: `position ${queuePosition}` }) }
}

const describeSuccess = (state: GenerationResult): Omit<Moment, 'afterMs'> =>
  state.reuse
    ? {
        kind: 'reused',
        title: 'Found, nothing was made',
        detail: `${formatUsd(state.reuse.savedUsd)} not spent`,
      }
    : { kind: 'stored', title: 'Stored', detail: `${state.width} × ${state.height}` }

/** How it ended, in one line. */
export const describeEnd = (
  states: readonly (GenerationResult | undefined)[],
  elapsedMs: number,
): string => {
  const took = formatDuration(elapsedMs)
  const [state] = states
  if (states.length > 1 || !state) {
    const made = states.filter((each) => each?.status === 'succeeded').length
    return `${made} of ${states.length} in ${took}`
  }
  if (state.status === 'succeeded') return `Done in ${took}`
  return state.status === 'canceled' ? `Canceled after ${took}` : `No image after ${took}`
}
