import pino, { type Logger } from 'pino'

export type { Logger }

/**
 * JSON lines on standard output. Prompts, tokens, keys and image addresses are never given to it; an error is
 * logged without its cause and without what a driver hangs on it (either may quote a request).
 */
export const createLogger = (level: string, name: 'api' | 'worker' | 'start'): Logger =>
  pino(
    {
      level,
      base: { process: name, pid: process.pid },
      serializers: { err: describeError },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    gatherLines(),
  )

const GATHERED_BYTES = 8_192
const GATHERED_MS = 20

/** Writes lines together, some milliseconds late at most, as a write of each by itself costs a good part of a request. What is left is written at exit. */
const gatherLines = (): pino.DestinationStream => {
  const output = pino.destination({ sync: false, minLength: GATHERED_BYTES })
  let isFlushed = true
  const flush = () => {
    isFlushed = true
    output.flush()
  }
  const write = (line: string): void => {
    output.write(line)
    if (isFlushed) setTimeout(flush, GATHERED_MS).unref()
    isFlushed = false
  }
  return { write }
}

const describeError = (error: unknown): unknown => {
  if (!(error instanceof Error)) return { message: String(error) }
  const code = 'code' in error ? String(error.code) : undefined
  const { name, message, stack } = error
  return { name, message, code, stack }
}

/** Lets one of a kind of message through in a while: a store that is away would report thousands a second. */
export const createRareLog = (
  write: (fields: { err: unknown; suppressed: number }) => void,
  intervalMs = 5_000,
) => {
  let quietUntil = 0
  let suppressed = 0
  return (err: unknown): void => {
    const now = performance.now()
    if (now < quietUntil) {
      suppressed++
      return
    }
    write({ err, suppressed })
    quietUntil = now + intervalMs
    suppressed = 0
  }
}
