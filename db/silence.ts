import { DatabaseAway, isAnswer } from './away.ts'

export type SilenceOptions = {
  /** A Postgres that has answered no statement of this process for so long is away. */
  silenceMs: number
  /** One that answers other statements is merely busy, and is waited for, but not longer than this. */
  patienceMs: number
  /** Asks something small on a connection of its own: its answer shows that a long statement is merely long. */
  probe: () => Promise<unknown>
}

export type SilenceWatch = ReturnType<typeof createSilenceWatch>

type Waiting = { askedAtMs: number; giveUp: () => void }

/**
 * Ends the waiting for answers of one Postgres that has gone silent. All that wait share a timer, which is running only
 * while something waits.
 */
export const createSilenceWatch = ({ silenceMs, patienceMs, probe }: SilenceOptions) => {
  // In the order they were asked, so the first is the first to be given up.
  const waiting = new Set<Waiting>()
  let heardAtMs = Number.NEGATIVE_INFINITY
  let isTimed = false
  let isProbing = false

  const hear = () => {
    heardAtMs = performance.now()
  }

  /**
   * What the work comes to; rejects with `DatabaseAway` when it is given up, and calls `abandon` then. Results and Postgres's
   * own errors show that it is there, but for `isLocal` work, which may never have asked it.
   */
  const watch = <T>(
    work: Promise<T>,
    abandon: () => void,
    { isLocal = false }: { isLocal?: boolean } = {},
  ): Promise<T> =>
    new Promise((resolve, reject) => {
      const giveUp = () => {
        waiting.delete(entry)
        reject(new DatabaseAway())
        abandon()
      }
      const entry = { askedAtMs: performance.now(), giveUp }
      waiting.add(entry)
      if (!isTimed) lookIn(silenceMs / 2)
      work.then(
        (result) => {
          waiting.delete(entry)
          if (!isLocal) hear()
          resolve(result)
        },
        (error: unknown) => {
          waiting.delete(entry)
          if (!isLocal && isAnswer(error)) hear()
          reject(error)
        },
      )
    })

  const lookIn = (durationMs: number) => {
    isTimed = true
    const dueAtMs = performance.now() + durationMs
    const look = () => {
      isTimed = false
      // A process that could not run could not hear either.
      if (performance.now() - dueAtMs > silenceMs / 4) hear()
      giveUpLost()
      const [first] = waiting
      if (first) lookIn(untilNextStep(first))
    }
    // The connections keep the process alive as long as there is something to wait for.
    setTimeout(look, durationMs).unref()
  }

  const giveUpLost = () => {
    const now = performance.now()
    for (const { askedAtMs, giveUp } of waiting) {
      if (now < givenUpAt(askedAtMs)) return
      giveUp()
    }
  }

  const givenUpAt = (askedAtMs: number): number =>
    Math.min(Math.max(askedAtMs, heardAtMs) + silenceMs, askedAtMs + patienceMs)

  /** Half of the silence passes before Postgres is probed, the other half is for its answer. */
  const untilNextStep = ({ askedAtMs }: Waiting): number => {
    const now = performance.now()
    const probedAtMs = Math.max(askedAtMs, heardAtMs) + silenceMs / 2
    if (now < probedAtMs) return Math.min(probedAtMs, givenUpAt(askedAtMs)) - now
    if (!isProbing) {
      isProbing = true
      void probe()
        .then(hear, () => {})
        .finally(() => (isProbing = false))
    }
    return givenUpAt(askedAtMs) - now
  }

  return { watch, hear }
}
