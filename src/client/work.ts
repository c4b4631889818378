import type { Generation } from '../contract/generation.ts'
import { isTerminal } from '../contract/status.ts'
import { timedOut } from './error.ts'
import type { FollowOptions } from './follow.ts'
import { sleep, unlessAborted } from './watchdog.ts'

type WorkDeps = {
  submit: (signal: AbortSignal) => Promise<Generation>
  follow: (id: string, options: FollowOptions) => Promise<Generation>
  /** Called when it has ended, or when nobody waits for it. */
  onOver: () => void
}

export type JoinOptions = {
  waitMs: number | undefined
  signal: AbortSignal | undefined
  onState: ((generation: Generation) => void) | undefined
}

export type Work = ReturnType<typeof startWork>

/** One submission and its following, which any number of callers wait for, each for as long as it likes. */
export const startWork = ({ submit, follow, onOver }: WorkDeps) => {
  const submitting = new AbortController()
  const following = new AbortController()
  const callers = new Set<JoinOptions>()
  let newest: Generation | undefined
  /** Only the answer to the submission says that it was under way before. */
  let reuse: Pick<Generation, 'isExisting' | 'reuse'> = { isExisting: false }

  const tell = (state: Generation): Generation => {
    const generation = reuse.isExisting ? { ...state, ...reuse } : state
    newest = generation
    for (const { onState } of callers) callSafely(onState, generation)
    return generation
  }
  const accepted = submit(submitting.signal).then((generation) => {
    const { isExisting } = generation
    if (generation.reuse) reuse = { isExisting, reuse: generation.reuse }
    return tell(generation)
  })
  const done = accepted
    .then((generation) =>
      isTerminal(generation.status)
        ? generation
        : follow(generation.id, {
            signal: following.signal,
            known: generation,
            onState: tell,
          }).then((last) => newest ?? last),
    )
    .finally(onOver)
  done.catch(() => {})

  const leave = (caller: JoinOptions): void => {
    callers.delete(caller)
    if (callers.size > 0) return
    onOver()
    following.abort()
    // A caller whose wait is over still wants the image; one that aborts does not.
    if (caller.signal?.aborted) submitting.abort()
  }

  return {
    newest: () => newest,
    /** The terminal generation, or the one there is when the wait is over. */
    join: async (caller: JoinOptions): Promise<Generation> => {
      callers.add(caller)
      if (newest) callSafely(caller.onState, newest)
      const { waitMs, signal } = caller
      try {
        if (waitMs === undefined) return await unlessAborted(done, signal)
        if (waitMs === 0) return await unlessAborted(accepted, signal)
        return await unlessAborted(
          withinTime(done, waitMs, () => newest),
          signal,
        )
      } finally {
        leave(caller)
      }
    },
  }
}

const withinTime = async (
  done: Promise<Generation>,
  waitMs: number,
  findNewest: () => Generation | undefined,
): Promise<Generation> => {
  const settled = new AbortController()
  const timeUp = sleep(waitMs, settled.signal).then(() => {
    const newest = findNewest()
    if (newest) return newest
    throw timedOut()
  })
  try {
    return await Promise.race([done, timeUp])
  } finally {
    timeUp.catch(() => {})
    settled.abort()
  }
}

/** What an app's listener throws is the app's to see, and harms nobody else. */
export const callSafely = <T>(listener: ((value: T) => void) | undefined, value: T): void => {
  try {
    listener?.(value)
  } catch (error) {
    const { reportError } = globalThis as { reportError?: (error: unknown) => void }
    reportError?.(error)
  }
}
