import { waitAtMost } from '../../lib/time.ts'

/**
 * Takes a sample at most once every `everyMs`, however often it is asked for. A caller waits for the one under way, but
 * no longer than `patienceMs`. `clear` is called when one fails, and when one is that late: an old figure would pass for
 * one of now.
 */
export const createSampler = (
  take: () => Promise<void>,
  clear: () => void,
  { everyMs, patienceMs }: { everyMs: number; patienceMs: number },
) => {
  let startedAt = Number.NEGATIVE_INFINITY
  let running: Promise<void> | undefined
  const start = () => {
    startedAt = performance.now()
    running = take()
      .catch(clear)
      .finally(() => {
        running = undefined
      })
  }
  return async (): Promise<void> => {
    if (!running && performance.now() - startedAt >= everyMs) start()
    if (!running) return
    const sample = running
    await waitAtMost(sample, patienceMs)
    if (running === sample) clear()
  }
}
