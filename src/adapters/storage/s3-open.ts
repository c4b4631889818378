import { once } from 'node:events'
import { PassThrough, type Readable } from 'node:stream'
import type { OpenedImage } from '../../generation/ports.ts'
import { HEAD_BYTES, mimeTypeOf } from './stored-object.ts'

/** What of an object waits here for its reader. */
const READ_AHEAD_BYTES = 256 * 1024

/**
 * An object of which some bytes are read, to be read on as its reader takes it. A reader may take its time; a store that gives nothing for
 * `idleMs` while its reader waits has the stream fail.
 */
export const openBody = async (
  key: string,
  body: Readable,
  sizeBytes: number,
  idleMs: number,
): Promise<OpenedImage> => {
  const mimeType = mimeTypeOf(key, await readHead(body, Math.min(HEAD_BYTES, sizeBytes)))
  const stream = new PassThrough({ highWaterMark: READ_AHEAD_BYTES })
  let seen = 0
  let seenBefore = -1
  const watch = setInterval(() => {
    const isStoreSilent = seen === seenBefore && !stream.writableNeedDrain
    if (isStoreSilent) stream.destroy(new Error('The image store fell silent.'))
    seenBefore = seen
  }, idleMs)
  body.on('data', (chunk: Uint8Array) => {
    seen += chunk.length
  })
  body.once('end', () => clearInterval(watch))
  body.once('error', (error) => stream.destroy(error))
  stream.once('close', () => {
    clearInterval(watch)
    body.destroy()
  })
  body.pipe(stream)
  return { mimeType, sizeBytes, stream }
}

/** How it begins, which stays to be read. */
const readHead = async (body: Readable, bytes: number): Promise<Buffer> => {
  const chunks: Buffer[] = []
  let length = 0
  while (length < bytes) {
    const chunk = body.read() as Buffer | null
    if (chunk) {
      chunks.push(chunk)
      length += chunk.length
    } else if (body.readableEnded) throw new Error(`${length} of ${bytes} bytes arrived`)
    else await Promise.race([once(body, 'readable'), once(body, 'end')])
  }
  const head = Buffer.concat(chunks)
  if (length > 0) body.unshift(head)
  return head
}
