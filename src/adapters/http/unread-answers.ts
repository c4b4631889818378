import type { Response } from 'express'

/** Slower than any connection that somebody looks at images over. */
const SLOWEST_BYTES_PER_MS = 16
const PATIENCE_MS = 30_000

/**
 * Cuts a connection that does not take an answer of so many bytes: they are held in memory until it has. `timer` is for tests.
 */
export const giveUpUnread = (
  res: Pick<Response, 'once' | 'destroy' | 'closed'>,
  bytes: number,
  timer: typeof setTimeout = setTimeout,
): void => {
  if (res.closed) return
  const timeout = timer(() => res.destroy(), PATIENCE_MS + bytes / SLOWEST_BYTES_PER_MS)
  timeout.unref()
  res.once('close', () => clearTimeout(timeout))
}
