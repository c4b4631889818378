import { AppError } from './errors.ts'

export type WaitLimits = {
  /** How long one may wait for its turn. */
  maxWaitMs: number
  /** How many of one owner may wait. */
  maxWaiting: number
}

type Waiting = { start: () => void }

/**
 * A function that runs at most `places` pieces of work at a time. Those that wait have their turn owner by owner, so that
 * nobody waits for more than one of each other's, and those of one owner in the order they came. It rejects with
 * `unavailable` beyond the limits.
 */
export const limitConcurrency = (places: number, limits?: WaitLimits) => {
  /** By owner; whose turn is next comes first. */
  const lines = new Map<string, Waiting[]>()
  let running = 0

  const takeNext = (): Waiting | undefined => {
    for (const [owner, line] of lines) {
      lines.delete(owner)
      const next = line.shift()
      if (line.length > 0) lines.set(owner, line)
      return next
    }
    return undefined
  }
  const leave = (owner: string, waiting: Waiting): void => {
    const line = lines.get(owner)?.filter((each) => each !== waiting) ?? []
    if (line.length > 0) lines.set(owner, line)
    else lines.delete(owner)
  }
  const wait = (owner: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const line = lines.get(owner) ?? []
      if (limits && line.length >= limits.maxWaiting) throw tooBusy()
      const giveUp = () => {
        leave(owner, waiting)
        reject(tooBusy())
      }
      const timer = limits && setTimeout(giveUp, limits.maxWaitMs)
      const start = () => {
        clearTimeout(timer)
        resolve()
      }
      const waiting = { start }
      line.push(waiting)
      lines.set(owner, line)
    })

  return async <T>(work: () => Promise<T>, owner = ''): Promise<T> => {
    if (running < places) running += 1
    else await wait(owner)
    try {
      return await work()
    } finally {
      const next = takeNext()
      if (next) next.start()
      else running -= 1
    }
  }
}

const tooBusy = () =>
  new AppError('unavailable', 'More is being worked on than can be at once; send this again.', {
    retryable: true,
    retryAfterMs: 5_000,
  })
