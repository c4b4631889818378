import { isTerminal } from '../../../contract/vocabulary.ts'
import type { Urls } from '../../../generation/read/present.ts'
import type { GenerationWithImage } from '../../../generation/state/repository.ts'
import { describeFailure } from './failure.ts'
import { QUEUE_PATH } from './target.ts'

/** A status as fal tells it; its queue has no other ends than `COMPLETED`. */
export type FalStatus = RequestUrls & {
  status: 'IN_QUEUE' | 'IN_PROGRESS' | 'COMPLETED'
  request_id: string
  queue_position?: number
  logs?: FalLog[]
  metrics?: { inference_time: number | null }
  /** Where there is no picture: what became of it. */
  error?: string
  error_type?: string
}

type FalLog = { message: string; level: 'INFO' | 'ERROR'; source: 'imageonce'; timestamp: string }

type RequestUrls = { response_url: string; status_url: string; cancel_url: string }

/** `app`: the owner and the name of the endpoint, as it was called; the rest of its path is not part of them. */
export const describeUrls = ({ base }: Pick<Urls, 'base'>, app: string, requestId: string) => {
  const url = `${base}${QUEUE_PATH}/${app}/requests/${requestId}`
  return { response_url: url, status_url: `${url}/status`, cancel_url: `${url}/cancel` }
}

export type StatusContext = {
  requestId: string
  urls: RequestUrls
  showsLogs: boolean
  /** How many generations come before each of those that wait, where that is known. */
  positions: readonly (number | undefined)[]
}

/** Of all pictures together: what has not begun waits, what has not ended runs. */
export const describeStatus = (
  rows: readonly GenerationWithImage[],
  { requestId, urls, showsLogs, positions }: StatusContext,
): FalStatus => {
  const known = { request_id: requestId, ...urls }
  const logs = showsLogs ? { logs: rows.flatMap(describeLogs).sort(byTime) } : {}
  if (rows.every(({ status }) => isTerminal(status))) {
    const failure = rows.some(({ status }) => status === 'succeeded') ? undefined : rows[0]
    return {
      status: 'COMPLETED',
      ...known,
      ...logs,
      metrics: { inference_time: findSeconds(rows) },
      ...(failure && describeError(failure)),
    }
  }
  if (rows.some(({ status }) => status !== 'queued')) {
    return { status: 'IN_PROGRESS', ...known, ...logs }
  }
  const ahead = positions.flatMap((position) => position ?? [])
  return { status: 'IN_QUEUE', ...known, queue_position: Math.max(0, ...ahead) }
}

const describeError = (row: GenerationWithImage) => {
  const { message, type } = describeFailure(row)
  return { error: message, error_type: type }
}

const findSeconds = (rows: readonly GenerationWithImage[]): number | null => {
  const seconds = rows.flatMap(({ startedAt, finishedAt }) =>
    startedAt && finishedAt ? (finishedAt.getTime() - startedAt.getTime()) / 1_000 : [],
  )
  return seconds.length > 0 ? Math.max(...seconds) : null
}

const describeLogs = (row: GenerationWithImage): FalLog[] => {
  const { startedAt, finishedAt, status, model } = row
  const hasFailed = isTerminal(status) && status !== 'succeeded'
  return [
    ...(startedAt ? [toLog('INFO', `Making an image with ${model}`, startedAt)] : []),
    ...(finishedAt && hasFailed
      ? [toLog('ERROR', describeFailure(row).message, finishedAt)]
      : finishedAt
        ? [toLog('INFO', 'The image is there', finishedAt)]
        : []),
  ]
}

const toLog = (level: FalLog['level'], message: string, at: Date): FalLog => ({
  message,
  level,
  source: 'imageonce',
  timestamp: at.toISOString(),
})

const byTime = (a: FalLog, b: FalLog): number => (a.timestamp < b.timestamp ? -1 : 1)
