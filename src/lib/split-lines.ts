/** A line without its end; `bytes` is missing where it is longer than may be read. */
export type Line = {
  bytes?: Buffer
  /** What it takes of the stream, its end included. */
  size: number
}

const NEWLINE = 0x0a

/**
 * The lines of a stream of bytes, one at a time, and of one that is longer than `maxBytes` its length alone: no more than one line and
 * a chunk is in memory. The last may have no end.
 */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Line> {
  let parts: Uint8Array[] = []
  let size = 0
  const take = (part: Uint8Array) => {
    size += part.length
    if (size <= maxBytes) parts.push(part)
    else parts = []
  }
  const end = (endBytes: number): Line => {
    const line = size <= maxBytes ? { bytes: Buffer.concat(parts) } : {}
    const whole = { ...line, size: size + endBytes }
    parts = []
    size = 0
    return whole
  }
  for await (const chunk of chunks) {
    let from = 0
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      take(chunk.subarray(from, at))
      yield end(1)
      from = at + 1
    }
    if (from < chunk.length) take(chunk.subarray(from))
  }
  if (size > 0) yield end(0)
}
