import { AppError } from './errors.ts'

export type Places = ReturnType<typeof createPlaces>

type Options = {
  /** How many one may have at once. */
  each: number
  /** How many all may have at once. */
  all: number
}

const RETRY_AFTER_MS = 5_000

/** Places for what stays open: streams and waits. Each that is taken is given back by what `take` returns. */
export const createPlaces = ({ each, all }: Options) => {
  const taken = new Map<string, number>()
  let total = 0

  /** `bound`: of what is counted apart. Throws `rate_limited` where this one has all of its own, `unavailable` where there is none left. */
  const take = (who: string, bound = each): (() => void) => {
    const own = taken.get(who) ?? 0
    if (own >= bound) throw tooMany(bound)
    if (total >= all) throw full()
    taken.set(who, own + 1)
    total++
    let isTaken = true
    return () => {
      if (!isTaken) return
      isTaken = false
      total--
      const left = (taken.get(who) ?? 1) - 1
      if (left === 0) taken.delete(who)
      else taken.set(who, left)
    }
  }
  return { take }
}

const tooMany = (each: number) =>
  new AppError('rate_limited', `An owner may have ${each} streams and waits open at once.`, {
    retryable: true,
    retryAfterMs: RETRY_AFTER_MS,
  })

const full = () =>
  new AppError('unavailable', 'As many streams are open as there may be; ask again shortly.', {
    retryable: true,
    retryAfterMs: RETRY_AFTER_MS,
  })
