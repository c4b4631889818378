import type { News } from '../../generation/read/watch.ts'
import type { AnswerReader, Reader } from './http-context.ts'

/** An event as it is written to a stream. */
export type Frame = { sequence: number; bytes: Buffer }

/** Writes an event of server-sent events, with the generation as JSON. */
export const toFrame = (type: string, sequence: number, generation: string): Buffer =>
  Buffer.from(
    `event: ${type}\nid: ${sequence}\ndata: {"type":"${type}","sequence":${sequence},"generation":${generation}}\n\n`,
  )

/** Makes the events of a piece of news once for all who read the same of it. */
export const createFrames = (answerReader: AnswerReader) => {
  const known = new WeakMap<News, Map<string, Promise<Frame[]>>>()

  const make = async (reader: Reader, { row, events }: News): Promise<Frame[]> => {
    const generation = JSON.stringify(await answerReader(reader, row))
    return events.map(({ type, sequence }) => ({
      sequence,
      bytes: toFrame(type, sequence, generation),
    }))
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
