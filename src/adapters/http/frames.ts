import type { ServerResponse } from 'node:http'
import type { News } from '../../generation/read/watch.ts'
import type { AnswerReader, Reader } from './http-context.ts'

/** What is written to streams; `chunk` is the same as a chunk of HTTP/1.1 (RFC 9112, 7.1). */
export type Chunk = { bytes: Buffer; chunk: Buffer }

/** An event as it is written to streams. */
export type Frame = Chunk & { sequence: number }

/** Writes an event of server-sent events, with the generation as JSON. */
export const toFrame = (type: string, sequence: number, generation: string): Buffer =>
  Buffer.from(
    `event: ${type}\nid: ${sequence}\ndata: {"type":"${type}","sequence":${sequence},"generation":${generation}}\n\n`,
  )

/**
 * Writes it. Where the answer has its connection and goes out in chunks, the chunk is written as it is: `write` would make it of
 * three pieces anew for each reader, and with thousands of them the last would hear a third later.
 */
export const writeFrame = (res: ServerResponse, { bytes, chunk }: Chunk): void => {
  if (res.socket && res.headersSent && res.chunkedEncoding) res.socket.write(chunk)
  else res.write(bytes)
}

export const toChunk = (bytes: Buffer): Chunk => {
  const length = Buffer.from(`${bytes.length.toString(16)}\r\n`)
  return { bytes, chunk: Buffer.concat([length, bytes, Buffer.from('\r\n')]) }
}

/** Makes the events of a piece of news once for all who read the same of it. */
export const createFrames = (answerReader: AnswerReader) => {
  const known = new WeakMap<News, Map<string, Promise<Frame[]>>>()

  const make = async (reader: Reader, { row, events }: News): Promise<Frame[]> => {
    const generation = JSON.stringify(await answerReader(reader, row))
    return events.map(({ type, sequence }) => ({
      sequence,
      ...toChunk(toFrame(type, sequence, generation)),
    }))
  }
  return (reader: Reader, news: News): Promise<Frame[]> => {
    const ofNews = known.get(news) ?? new Map<string, Promise<Frame[]>>()
    known.set(news, ofNews)
    const { showsOwner, signsEvents, showsOthers, urls } = reader
    const key = `${showsOwner} ${signsEvents} ${showsOthers} ${urls.base}`
    const frames = ofNews.get(key) ?? make(reader, news)
    ofNews.set(key, frames)
    return frames
  }
}
