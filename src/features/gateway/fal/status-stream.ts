import type { Response } from 'express'
import { createHeartbeats } from '../../../adapters/http/heartbeats.ts'
import { type HttpContext, whileConnected } from '../../../adapters/http/http-context.ts'
import { isTerminal } from '../../../contract/vocabulary.ts'
import { type GenerationWithImage, isPresumed } from '../../../generation/state/repository.ts'
import type { FalStatus } from './status.ts'

const HEARTBEAT_MS = 15_000
const HEAD = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
}

type Http = Pick<HttpContext, 'watcher' | 'places' | 'shutdown'>

/** The status of these rows; `isFirst` of a stream: what was before is told with it. */
type Describe = (rows: readonly GenerationWithImage[]) => Promise<FalStatus>

export type StreamStatus = (
  res: Response,
  rows: readonly GenerationWithImage[],
  describe: Describe,
) => Promise<void>

/**
 * Tells the status of a request as server-sent events, at once and whenever it changes, up to `COMPLETED`. A log entry is told once. It
 * takes one place of its owner's streams, and follows by the process's one watcher. Throws `rate_limited` and `unavailable` beyond what
 * may be open at once.
 */
export const createStatusStreams = (http: Http, countStream: () => () => void): StreamStatus => {
  const heartbeats = createHeartbeats<Response>((res) => res.write(':\n\n'), HEARTBEAT_MS)

  return async (res, rows, describe) => {
    const known = new Map(rows.map((row) => [row.id, row]))
    const leavePlace = http.places.take(rows[0]?.ownerId ?? '')
    const signal = whileConnected(http, res)
    const releases = [leavePlace, countStream(), heartbeats.add(res)]
    let isOver = false
    const end = () => {
      if (isOver) return
      isOver = true
      for (const release of releases) release()
      res.end()
    }
    signal.addEventListener('abort', end)
    res.locals.isStream = true
    res.writeHead(200, HEAD)

    let told = ''
    let toldLogs = 0
    const tell = async () => {
      const { logs = [], ...status } = await describe([...known.values()])
      const text = JSON.stringify(status)
      if (isOver || (text === told && logs.length === toldLogs)) return
      const news = { ...status, ...(logs.length > 0 && { logs: logs.slice(toldLogs) }) }
      told = text
      toldLogs = logs.length
      res.write(`data: ${JSON.stringify(news)}\n\n`)
      if (status.status === 'COMPLETED') end()
    }
    let last = Promise.resolve()
    /** One after the other; what can't be told ends the stream, and its reader looks again. */
    const tellNext = () => {
      last = last.then(() => (isOver ? undefined : tell())).catch(end)
      return last
    }
    await tellNext()
    for (const row of rows) {
      if (isOver || isTerminal(row.status)) continue
      const unfollow = http.watcher.follow(row.id, {
        seen: row.eventSequence,
        onNews: (news) => {
          known.set(row.id, news.row)
          void tellNext()
        },
        onGone: () => {
          // What waits in the queue for Postgres has no row yet.
          if (!isPresumed(row)) end()
        },
      })
      releases.push(unfollow)
    }
    if (signal.aborted) end()
  }
}
