import { readServerSentEvents } from '../../src/client/event-stream.ts'
import type { Generation } from '../../src/contract/generation.ts'

export type StreamedEvent = { event: string; id: string; generation: Generation }

type Options = {
  authorization?: string
  lastEventId?: string | undefined
  headers?: Record<string, string>
}

/** Opens a generation's event stream and collects what comes, until it ends or is closed. */
export const openStream = async (
  url: string,
  { authorization, lastEventId, headers = {} }: Options,
) => {
  const hangUp = new AbortController()
  const response = await fetch(url, {
    // Kept-alive connections of streams that were cut off linger in the client.
    headers: {
      ...headers,
      ...(authorization !== undefined && { authorization }),
      connection: 'close',
      ...(lastEventId !== undefined && { 'Last-Event-ID': lastEventId }),
    },
    signal: hangUp.signal,
  })
  const events: StreamedEvent[] = []
  const collect = async () => {
    for await (const { event, id, data } of readServerSentEvents(response)) {
      const { type, sequence, generation } = data as Told
      if (type !== event || String(sequence) !== id)
        throw new Error(`${event} ${id} says otherwise`)
      events.push({ event, id, generation })
    }
  }
  /** Resolves with all events once the server has ended the stream. */
  const ended = collect().then(() => events)
  ended.catch(() => {})
  return { response, events, ended, close: () => hangUp.abort() }
}

type Told = { type: string; sequence: number; generation: Generation }
