import { withFormat } from '../contract/format-url.ts'
import type { Generation } from '../contract/generation.ts'
import { isTerminal } from '../contract/status.ts'
import type { OutputFormat } from '../contract/vocabulary.ts'
import { timedOut, unreachable } from './error.ts'
import { readServerSentEvents } from './event-stream.ts'
import { createRetry } from './retry.ts'
import { explain, type Transport } from './transport.ts'
import { createWatchdog, sleep } from './watchdog.ts'

export type FollowOptions = {
  signal?: AbortSignal | undefined
  /** The state that came last. */
  known?: Generation
  /** Hears of each state that differs from the one before. */
  onState: (generation: Generation) => void
  giveUpMs?: number
  /** The format that its picture was asked for in: only the answer to the asking says so by itself. */
  outputFormat?: OutputFormat | undefined
}

/** A stream begins with the state. One that does not is held up by something on the way. */
const FIRST_BYTES_MS = 5_000
/** After so many streams in a row that brought nothing, it is polled. */
const MAX_BARREN_STREAMS = 2
const POLL_WAIT_SECONDS = 20
const POLL_PAUSE_MS = 2_000

/** Browsers open 6 connections to a server that speaks HTTP/1.1, and images and submissions want some of them. */
const MAX_HELD_CONNECTIONS = 'document' in globalThis ? 3 : Number.POSITIVE_INFINITY

/**
 * Follows a generation up to its terminal state and resolves with it: by server-sent events, resumed where they broke
 * off, else by polling. Throws the signal's reason, or `ImageonceError` when it cannot be followed.
 */
export const createFollow = (transport: Transport) => {
  let heldConnections = 0

  const follow = async (id: string, options: FollowOptions): Promise<Generation> => {
    const { signal, giveUpMs = transport.timeouts.giveUpMs, outputFormat } = options
    const path = `/api/generations/${id}`
    const retry = createRetry(giveUpMs)
    let lastText = JSON.stringify(options.known)
    let lastEventId = ''
    let barrenStreams = 0

    const tell = (sent: Generation): Generation => {
      const generation = { ...sent, imageUrl: withFormat(sent.imageUrl, outputFormat) }
      const text = JSON.stringify(generation)
      if (text !== lastText) options.onState(generation)
      lastText = text
      return generation
    }

    const stream = async (): Promise<Generation | undefined> => {
      const watchdog = createWatchdog(signal, timedOut)
      barrenStreams += 1
      try {
        watchdog.expectWithin(transport.timeouts.requestMs)
        const resume = lastEventId && { 'Last-Event-ID': lastEventId }
        const headers = { Accept: 'text/event-stream', ...resume }
        const response = await transport.open(`${path}/events`, { headers }, watchdog)
        watchdog.expectWithin(FIRST_BYTES_MS)
        const onBytes = () => {
          watchdog.expectWithin(transport.timeouts.silenceMs)
          retry.succeed()
        }
        for await (const { id: eventId, data } of readServerSentEvents(response, onBytes)) {
          barrenStreams = 0
          lastEventId = eventId
          const generation = tell((data as { generation: Generation }).generation)
          if (isTerminal(generation.status)) return generation
        }
        return undefined
      } catch (error) {
        throw explain(error, watchdog.signal)
      } finally {
        watchdog.release()
      }
    }

    const poll = async (waitSeconds: number): Promise<Generation> => {
      const askedAt = performance.now()
      const generation = tell(await transport.send(path, { signal, giveUpMs, waitSeconds }))
      retry.succeed()
      const pauseMs = POLL_PAUSE_MS - (performance.now() - askedAt)
      if (!isTerminal(generation.status)) await sleep(pauseMs, signal)
      return generation
    }

    const look = async (): Promise<Generation | undefined> => {
      if (heldConnections >= MAX_HELD_CONNECTIONS) return poll(0)
      heldConnections += 1
      try {
        return await (barrenStreams < MAX_BARREN_STREAMS ? stream() : poll(POLL_WAIT_SECONDS))
      } finally {
        heldConnections -= 1
      }
    }

    for (;;) {
      try {
        signal?.throwIfAborted()
        const generation = await look()
        if (generation && isTerminal(generation.status)) return generation
        // A stream that ended early: its server is stopping.
        if (!generation) throw unreachable(undefined)
      } catch (error) {
        await retry.waitAfter(error, signal)
      }
    }
  }

  return follow
}
