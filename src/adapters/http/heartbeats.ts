/** How many times in an interval some of them beat: never all at once. */
const TURNS = 60

/**
 * Calls each of those that are added once an interval, all by one timer, a part of them at a time. The timer runs only while there are
 * any.
 */
export const createHeartbeats = <T>(beat: (each: T) => void, intervalMs: number) => {
  const turns = Array.from({ length: TURNS }, () => new Set<T>())
  let turn = 0
  let count = 0
  let timer: NodeJS.Timeout | undefined

  const beatNext = () => {
    turn = (turn + 1) % TURNS
    for (const each of turns[turn] ?? []) beat(each)
  }
  /** The result takes it out again. */
  const add = (each: T): (() => void) => {
    const own = turns[turn]
    own?.add(each)
    count++
    timer ??= setInterval(beatNext, intervalMs / TURNS)
    return () => {
      if (!own?.delete(each)) return
      count--
      if (count > 0) return
      clearInterval(timer)
      timer = undefined
    }
  }
  return { add }
}
