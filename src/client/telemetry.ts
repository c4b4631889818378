import { createRandomId } from './random-id.ts'

export type TelemetryType =
  | 'generation_started'
  | 'generation_skipped'
  | 'generation_completed'
  | 'generation_failed'

/** What may be sent: never the prompt. */
export type TelemetryData = {
  generationId?: string | undefined
  durationMs?: number | undefined
  /** Why it cost nothing: `exact`, `joined`, `similar` (the server), `client` (the app or this library). */
  source?: string | undefined
}

export type TelemetryEvent = TelemetryData & { id: string; type: TelemetryType; at: string }

export type LogTelemetry = (type: TelemetryType, data?: TelemetryData) => void

const MAX_BATCH_EVENTS = 50
/** Beyond it the oldest are forgotten. */
const MAX_WAITING_EVENTS = 200
const FLUSH_MS = 2_000

let waiting: TelemetryEvent[] = []
let sendBatch: ((body: string) => unknown) | undefined
let timer: ReturnType<typeof setTimeout> | undefined

/**
 * Counts what became of an image that a page wanted. Events leave in batches with the newest client that was created,
 * after two seconds or when the page is left; those from before there is one wait for it. Fails silently.
 */
export const logImageGenerationTelemetry: LogTelemetry = (type, data = {}) => {
  const { generationId, durationMs, source } = data
  const event = { id: createRandomId(), type, at: new Date().toISOString() }
  waiting.push({ ...event, generationId, durationMs, source })
  waiting = waiting.slice(-MAX_WAITING_EVENTS)
  schedule()
}

/** From now on events leave by `send`. */
export const sendTelemetryWith = (send: (body: string) => unknown): void => {
  const page = globalThis as { addEventListener?: (type: string, listener: () => void) => void }
  if (!sendBatch) {
    // On phones a hidden page may end without an event.
    for (const type of ['pagehide', 'visibilitychange']) page.addEventListener?.(type, flush)
  }
  sendBatch = send
  schedule()
}

const schedule = (): void => {
  if (!sendBatch || timer !== undefined || waiting.length === 0) return
  timer = setTimeout(flush, FLUSH_MS)
  // Node would stay alive for it.
  const { unref } = timer as { unref?: () => void }
  unref?.call(timer)
}

const flush = (): void => {
  clearTimeout(timer)
  timer = undefined
  while (sendBatch && waiting.length > 0) {
    sendBatch(JSON.stringify({ events: waiting.splice(0, MAX_BATCH_EVENTS) }))
  }
}
