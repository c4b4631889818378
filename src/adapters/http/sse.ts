import { setTimeout as delay } from 'node:timers/promises'
import type { Request, Response } from 'express'
import { isTerminal } from '../../contract/vocabulary.ts'
import type { News } from '../../generation/read/watch.ts'
import type { GenerationWithImage } from '../../generation/state/repository.ts'
import { createFrames, toChunk, toFrame, writeFrame } from './frames.ts'
import { createHeartbeats } from './heartbeats.ts'
import type { HttpContext, Reader } from './http-context.ts'

const HEARTBEAT_MS = 15_000
const HEARTBEAT = toChunk(Buffer.from(':\n\n'))
const RECONNECT_MS = 2_000
const RETRY = Buffer.from(`retry: ${RECONNECT_MS}\n\n`)
const HEAD = {
  'Content-Type': 'text/event-stream',
  // A proxy that compresses would hold the events back.
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
}

/** A reader that is this far behind is cut off; it resumes by `Last-Event-ID`. */
const MAX_BUFFERED_BYTES = 256 * 1024

/** So many are ended at once, and seldom while others are still to be told something: ending one costs more than telling it so. */
const ENDED_AT_ONCE = 50
const END_EVERY_MS = { busy: 100, idle: 10 }

type Stream = {
  res: Response
  reader: Reader
  /** The number of the last event that it was sent. */
  sent: number
  /** What is sent next waits for this: events go out in their order. */
  last: Promise<void>
  /** It has been told everything, and is about to be ended. */
  isOver: boolean
  unfollow: () => void
  /** Gives back what it holds; whatever ends it calls this. */
  leave: () => void
}

/** `as`: who reads, and on whose account the stream is, where that is not the caller as the owner's own. */
export type OpenStream = (
  req: Request,
  res: Response,
  row: GenerationWithImage,
  as?: { reader: Reader; who: string },
) => Promise<void>

/**
 * Opens server-sent events of one generation: `snapshot` first, then each life-cycle event, up to the terminal one.
 * Event ids count the generation's events from 1, so `Last-Event-ID` resumes without loss or repetition. Each
 * event carries the generation as it is when the event is sent. A resumed stream with nothing left answers 204,
 * which stops `EventSource` from reconnecting. Throws `rate_limited` and `unavailable` beyond
 * what may be open at once. All streams share one watcher, one timer and the bytes of what they are told.
 */
export const createStreams = (http: HttpContext, countStream: () => () => void): OpenStream => {
  const streams = new Set<Stream>()
  const heartbeats = createHeartbeats<Stream>(({ res }) => writeFrame(res, HEARTBEAT), HEARTBEAT_MS)
  const findFrames = createFrames(http.answerReader)
  const over: Stream[] = []
  let isEnding = false

  const open: OpenStream = async (req, res, row, as) => {
    const resumedAt = parseLastEventId(req, row)
    if (resumedAt !== undefined && resumedAt >= row.eventSequence && isTerminal(row.status)) {
      res.status(204).end()
      return
    }
    const leavePlace = http.places.take(as?.who ?? row.ownerId)
    if (res.closed || req.socket.destroyed) return leavePlace()
    const reader = as?.reader ?? http.readerOf(req)
    const stream = hold(res, reader, resumedAt ?? row.eventSequence, leavePlace)
    res.writeHead(200, HEAD)
    try {
      await begin(stream, row)
    } catch (error) {
      stream.leave()
      throw error
    }
  }

  const hold = (res: Response, reader: Reader, sent: number, leavePlace: () => void): Stream => {
    const { socket } = res.req
    const stopCounting = countStream()
    const leave = () => {
      if (!streams.delete(stream)) return
      stream.unfollow()
      stopHeartbeat()
      stopCounting()
      leavePlace()
      res.removeListener('close', leave)
      socket.removeListener('close', leave)
    }
    const stream: Stream = {
      ...{ res, reader, sent, leave },
      last: Promise.resolve(),
      isOver: false,
      unfollow: () => {},
    }
    const stopHeartbeat = heartbeats.add(stream)
    streams.add(stream)
    res.locals.isStream = true
    // Where Express would go on with the request, with all that it takes: kilobytes that would stay as long as the stream.
    Object.assign(res.req, { next: undefined })
    res.once('close', leave)
    // An answer that waits behind an earlier one on its connection does not learn that this has closed.
    socket.once('close', leave)
    return stream
  }

  const begin = async (stream: Stream, row: GenerationWithImage): Promise<void> => {
    const { res, reader, sent } = stream
    const generation = JSON.stringify(await http.answerReader(reader, row))
    if (!streams.has(stream)) return
    res.write(Buffer.concat([RETRY, toFrame('snapshot', sent, generation)]))
    if (isTerminal(row.status) && sent === row.eventSequence) {
      stream.leave()
      res.end(toFrame(`generation.${row.status}`, sent, generation))
    } else if (http.shutdown.aborted) sendAway(stream)
    else follow(stream, row.id)
  }

  const follow = (stream: Stream, id: string): void => {
    stream.unfollow = http.watcher.follow(id, {
      seen: stream.sent,
      onNews: (news) => {
        stream.last = stream.last.then(() => send(stream, news)).catch(() => cut(stream))
      },
      onGone: () => end(stream),
    })
  }

  const send = async (stream: Stream, news: News): Promise<void> => {
    const frames = await findFrames(stream.reader, news)
    if (!streams.has(stream) || stream.isOver) return
    const { res, sent } = stream
    for (const frame of frames) if (frame.sequence > sent) writeFrame(res, frame)
    stream.sent = news.row.eventSequence
    if (res.writableLength > MAX_BUFFERED_BYTES) cut(stream)
    else if (isTerminal(news.row.status)) end(stream)
  }

  const end = (stream: Stream): void => {
    stream.isOver = true
    over.push(stream)
    if (!isEnding) void endAll()
  }
  const endAll = async (): Promise<void> => {
    isEnding = true
    while (over.length > 0) {
      await delay(http.watcher.isBusy() ? END_EVERY_MS.busy : END_EVERY_MS.idle)
      for (const stream of over.splice(0, ENDED_AT_ONCE)) if (streams.has(stream)) close(stream)
    }
    isEnding = false
  }
  const close = ({ res, leave }: Stream): void => {
    leave()
    res.end()
  }
  const cut = ({ res, leave }: Stream): void => {
    leave()
    res.destroy()
  }
  /** Readers of a server that stops would otherwise all come back at the same moment. */
  const sendAway = ({ res, leave }: Stream): void => {
    leave()
    res.end(`retry: ${Math.round(RECONNECT_MS * (0.5 + Math.random()))}\n\n`)
  }
  http.shutdown.addEventListener('abort', () => [...streams].forEach(sendAway))

  return open
}

/**
 * Undefined for a fresh stream; a number that this generation never had starts afresh too. A page that connects anew by hand can give
 * an `EventSource` no header, and says it in the query (`lastEventId`).
 */
const parseLastEventId = (req: Request, row: GenerationWithImage): number | undefined => {
  const given = req.get('Last-Event-ID') ?? req.query.lastEventId
  if (typeof given !== 'string' || !/^\d{1,9}$/.test(given)) return undefined
  const sequence = Number(given)
  return sequence <= row.eventSequence ? sequence : undefined
}
