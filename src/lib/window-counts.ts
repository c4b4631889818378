/** What taking came to. */
export type Taken = {
  isTaken: boolean
  /** How much more may be taken in this window. */
  remaining: number
  /** Until the window ends. */
  resetMs: number
}

/** What a process has counted and the others do not know of yet. */
export type Untold = { key: string; points: number }

/** What all processes together have counted of a key, and for how long it counts. */
export type SharedCount = { used: number; leftMs: number }

/** Adds to the counts that all processes share, and answers with their sums in the same order. May reject. */
export type ShareCounts = (untold: readonly Untold[], windowMs: number) => Promise<SharedCount[]>

export type WindowCounts = ReturnType<typeof createWindowCounts>

type Count = { used: number; untold: number; endsAtMs: number }

type Options = {
  windowMs: number
  /** Beyond it the oldest window is forgotten: who comes from very many addresses finds memory bounded. */
  maxKeys: number
  now?: () => number
}

/** From this share of its limit on, other processes are told of a key: so most never cost a round trip (ADR 52). */
const TOLD_FROM = 1 / 8

/**
 * Counts by key, in windows that begin with a key's first use. Taking is synchronous. What others should know of is
 * collected by `takeUntold`, and what they have counted comes back by `adopt`.
 */
export const createWindowCounts = ({
  windowMs,
  maxKeys,
  now = () => performance.now(),
}: Options) => {
  /** Those whose windows began first come first. */
  const counts = new Map<string, Count>()
  const due = new Set<string>()

  const open = (key: string, atMs: number): Count => {
    const count = counts.get(key)
    if (count && atMs < count.endsAtMs) return count
    counts.delete(key)
    forget(atMs)
    const fresh = { used: 0, untold: 0, endsAtMs: atMs + windowMs }
    counts.set(key, fresh)
    return fresh
  }
  /** Two at most for each that comes, so that nobody waits for the tidying. */
  const forget = (atMs: number): void => {
    let looked = 0
    for (const [key, { endsAtMs }] of counts) {
      if (looked++ === 2 || (atMs < endsAtMs && counts.size < maxKeys)) return
      counts.delete(key)
      due.delete(key)
    }
  }

  /** Takes all of these points or none. */
  const take = (key: string, limit: number, { points = 1, isShared = false } = {}): Taken => {
    const atMs = now()
    const count = open(key, atMs)
    const isTaken = count.used + points <= limit
    if (isTaken) {
      count.used += points
      if (isShared) {
        count.untold += points
        if (count.used >= limit * TOLD_FROM) due.add(key)
      }
    }
    const resetMs = Math.round(count.endsAtMs - atMs)
    return { isTaken, remaining: Math.max(limit - count.used, 0), resetMs }
  }
  /** What was taken came to nothing. */
  const putBack = (key: string, points = 1): void => {
    const count = counts.get(key)
    if (!count) return
    count.used -= points
    count.untold -= points
  }
  /** True when nothing is left; takes nothing. */
  const isUsedUp = (key: string, limit: number): boolean => {
    const count = counts.get(key)
    return count !== undefined && now() < count.endsAtMs && count.used >= limit
  }
  const takeUntold = (max: number): Untold[] => {
    const untold: Untold[] = []
    for (const key of due) {
      if (untold.length === max) break
      due.delete(key)
      const count = counts.get(key)
      if (!count || count.untold <= 0) continue
      untold.push({ key, points: count.untold })
      count.untold = 0
    }
    return untold
  }
  const adopt = (key: string, { used, leftMs }: SharedCount): void => {
    const count = counts.get(key)
    if (!count) return
    count.used = used + count.untold
    count.endsAtMs = now() + Math.min(leftMs, windowMs)
  }
  /** They could not be told. */
  const giveBack = ({ key, points }: Untold): void => {
    const count = counts.get(key)
    if (!count) return
    count.untold += points
    due.add(key)
  }
  return { take, putBack, isUsedUp, takeUntold, adopt, giveBack }
}
