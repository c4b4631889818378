import { AppError } from './errors.ts'

export type ByteBudget = ReturnType<typeof createByteBudget>

type Options = {
  totalBytes: number
  /** How long one may wait for its turn. */
  maxWaitMs: number
  /** How many of one owner may wait, and how many of all. */
  maxWaitingEach: number
  maxWaiting: number
}

type Waiting = { bytes: number; start: () => void }

const RETRY_AFTER_MS = 5_000

/**
 * Memory that is shared out before it is filled. Who finds too little of it waits, owner by owner in turn, so that nobody waits for
 * more than one of each other's.
 */
export const createByteBudget = (options: Options) => {
  const { totalBytes, maxWaitMs, maxWaitingEach, maxWaiting } = options
  /** By owner; whose turn is next comes first. */
  const lines = new Map<string, Waiting[]>()
  let free = totalBytes
  let waitingCount = 0

  const serve = (): void => {
    for (const [owner, line] of lines) {
      const [next] = line
      // Nobody overtakes one that is large, or it might wait for ever.
      if (!next || next.bytes > free) return
      leave(owner, next)
      const rest = lines.get(owner)
      // To the end of those whose turn it is.
      if (rest && lines.delete(owner)) lines.set(owner, rest)
      free -= next.bytes
      next.start()
    }
  }
  const leave = (owner: string, waiting: Waiting): void => {
    const line = lines.get(owner)?.filter((each) => each !== waiting) ?? []
    if (line.length > 0) lines.set(owner, line)
    else lines.delete(owner)
    waitingCount--
  }
  const wait = (bytes: number, owner: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const line = lines.get(owner) ?? []
      if (line.length >= maxWaitingEach) throw tooManyOfOwner()
      if (waitingCount >= maxWaiting) throw tooMany()
      const giveUp = () => {
        leave(owner, waiting)
        reject(tooMany())
        serve()
      }
      const timer = setTimeout(giveUp, maxWaitMs)
      const start = () => {
        clearTimeout(timer)
        resolve()
      }
      const waiting = { bytes, start }
      lines.set(owner, [...line, waiting])
      waitingCount++
    })

  /**
   * Resolves when that much is the owner's, with the way to give it back. More than there is counts as all of it. Throws `rate_limited`
   * where too many of the owner's wait already, `unavailable` where too many of all do, or for too long.
   */
  const take = async (wanted: number, owner: string): Promise<() => void> => {
    const bytes = Math.min(wanted, totalBytes)
    if (lines.size === 0 && bytes <= free) free -= bytes
    else await wait(bytes, owner)
    let isTaken = true
    return () => {
      if (!isTaken) return
      isTaken = false
      free += bytes
      serve()
    }
  }
  return { take }
}

const tooManyOfOwner = () =>
  new AppError('rate_limited', 'Too many of your uploads wait already; send this again.', {
    retryable: true,
    retryAfterMs: RETRY_AFTER_MS,
  })

const tooMany = () =>
  new AppError('unavailable', 'More is being uploaded than can be at once; send this again.', {
    retryable: true,
    retryAfterMs: RETRY_AFTER_MS,
  })
