/** An owner's generations queued and running, as of a moment ago. */
export type InFlightCounts = {
  /** Undefined where they are to be counted: nothing is known of the last second, or they are few. */
  find: (ownerId: string) => number | undefined
  /** What a statement came to; `isCounted`: by counting, and not by what `find` gave it. */
  note: (ownerId: string, inFlight: number, isCounted: boolean) => void
}

/** How long a count is good for; what has ended since only makes a new one wait behind a few of its own owner's. */
const FRESH_MS = 1_000
/** Fewer are counted in a page or two, and exactly. */
const FEW = 32

/**
 * Remembers for a second how many generations an owner has in flight, and adds its new ones: counting a thousand rows for each new one
 * is most of what a submission reads. Of this process alone, so it may be wrong by what others added in that second.
 */
export const createInFlightCounts = (now = () => performance.now()): InFlightCounts => {
  // In the order in which they were counted.
  const counts = new Map<string, { inFlight: number; countedAtMs: number }>()

  const forgetOld = () => {
    for (const [ownerId, { countedAtMs }] of counts) {
      if (countedAtMs > now() - FRESH_MS) return
      counts.delete(ownerId)
    }
  }
  const find = (ownerId: string) => {
    forgetOld()
    return counts.get(ownerId)?.inFlight
  }
  const note = (ownerId: string, inFlight: number, isCounted: boolean) => {
    const known = counts.get(ownerId)
    if (!isCounted && known) {
      known.inFlight = inFlight
      return
    }
    counts.delete(ownerId)
    if (isCounted && inFlight >= FEW) counts.set(ownerId, { inFlight, countedAtMs: now() })
  }
  return { find, note }
}
