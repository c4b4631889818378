import type { ServerResponse } from 'node:http'
import type { News } from '../../generation/read/watch.ts'
import type { AnswerReader, Reader } from './http-context.ts'

/** An event as it is written to a stream; `chunk` is the same as a chunk of HTTP/1.1 (RFC 9112, 7.1). */
export type Frame = { sequence: number; bytes: Buffer; chunk: Buffer }

/** Writes an event of server-sent events, with the generation as JSON. */
export const toFrame = (type: string, sequence: number, generation: string): Buffer =>
  Buffer.from(
    `event: ${type}\nid: ${sequence}\ndata: {"type":"${type}","sequence":${sequence},"generation":${generation}}\n\n`,
  )

/**
 * Writes an event. Where the answer has its connection and goes out in chunks, the chunk is written as it is: `write` would make it of
 * three pieces anew for each reader, and with thousands of them the last would hear a third later.
 */
export const writeFrame = (res: ServerResponse, { bytes, chunk }: Frame): void => {
  if (res.socket && res.headersSent && res.chunkedEncoding) res.socket.write(chunk)
  else res.write(bytes)
}

const toChunk = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])

/** Makes the events of a piece of news once for all who read the same of it. */
export const createFrames = (answerReader: AnswerReader) => {
  const known = new WeakMap<News, Map<string, Promise<Frame[]>>>()

  const make = async (reader: Reader, { row, events }: News): Promise<Frame[]> => {
    const generation = JSON.stringify(await answerReader(reader, row))
    return events.map(({ type, sequence }) => {
      const bytes = toFrame(type, sequence, generation)
      return { sequence, bytes, chunk: toChunk(bytes) }
    })
  }
  return (reader: Reader, news: News): Promise<Frame[]> => {
    const ofNews = known.get(news) ?? new Map<string, Promise<Frame[]>>()
    known.set(news, ofNews)
    const key = `${reader.showsOwner} ${reader.urls.base}`
    const frames = ofNews.get(key) ?? make(reader, news)
    ofNews.set(key, frames)
    return frames
  }
}
