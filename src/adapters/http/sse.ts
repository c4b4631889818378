import type { Request, Response } from 'express'
import { isTerminal } from '../../contract/vocabulary.ts'
import { followGeneration } from '../../generation/read/follow.ts'
import { type GenerationWithImage, listEventsBetween } from '../../generation/state/repository.ts'
import { type HttpContext, whileConnected } from './http-context.ts'

const HEARTBEAT_MS = 15_000
const RECONNECT_MS = 2_000

/** A reader that is this far behind is cut off; it resumes by `Last-Event-ID`. */
const MAX_BUFFERED_BYTES = 256 * 1024

/**
 * Server-sent events of one generation: `snapshot` first, then each life-cycle event, up to the terminal one.
 * Event ids count the generation's events from 1, so `Last-Event-ID` resumes without loss or repetition. Each
 * event carries the generation as it is when the event is sent. A resumed stream with nothing left answers 204,
 * which stops `EventSource` from reconnecting. Throws `rate_limited` and `unavailable` beyond
 * what may be open at once.
 */
export const streamGeneration = async (
  http: HttpContext,
  openStream: () => () => void,
  req: Request,
  res: Response,
  row: GenerationWithImage,
): Promise<void> => {
  const resumedAt = parseLastEventId(req, row)
  if (resumedAt !== undefined && resumedAt >= row.eventSequence && isTerminal(row.status)) {
    res.status(204).end()
    return
  }
  const leave = http.places.take(row.ownerId)
  const signal = whileConnected(http, res)
  if (res.closed) return leave()
  const send = async (type: string, sequence: number, current: GenerationWithImage) => {
    const generation = await http.answerGeneration(req, current)
    if (res.closed) return
    const data = JSON.stringify({ type, sequence, generation })
    res.write(`event: ${type}\nid: ${sequence}\ndata: ${data}\n\n`)
    if (res.writableLength > MAX_BUFFERED_BYTES) res.destroy()
  }
  res.writeHead(200, {
    'Content-Type': 'text/event-stream',
    // A proxy that compresses would hold the events back.
    'Cache-Control': 'no-store, no-transform',
    'X-Accel-Buffering': 'no',
  })
  res.write(`retry: ${RECONNECT_MS}\n\n`)
  res.locals.isStream = true
  const closeStream = openStream()
  const heartbeat = setInterval(() => res.write(':\n\n'), HEARTBEAT_MS)
  try {
    let sent = resumedAt ?? row.eventSequence
    await send('snapshot', sent, row)
    if (resumedAt === undefined && isTerminal(row.status)) {
      await send(`generation.${row.status}`, sent, row)
      return
    }
    for await (const current of followGeneration(http, row.id, signal)) {
      for (const event of await listEventsBetween(http.db, sent, current)) {
        sent = event.sequence ?? sent
        await send(event.type, sent, current)
      }
    }
  } finally {
    clearInterval(heartbeat)
    closeStream()
    leave()
    // Readers of a server that stops would otherwise all come back at the same moment.
    res.end(
      http.shutdown.aborted ? `retry: ${Math.round(RECONNECT_MS * (0.5 + Math.random()))}\n\n` : '',
    )
  }
}

/** Undefined for a fresh stream; a number that this generation never had starts afresh too. */
const parseLastEventId = (req: Request, row: GenerationWithImage): number | undefined => {
  const header = req.get('Last-Event-ID')
  if (!header || !/^\d{1,9}$/.test(header)) return undefined
  const sequence = Number(header)
  return sequence <= row.eventSequence ? sequence : undefined
}
