import { DatabaseAway } from '../../../db/away.ts'
import type { Database } from '../../../db/database.ts'
import { isTerminal } from '../../contract/vocabulary.ts'
import { findGeneration, type GenerationWithImage } from '../state/repository.ts'

export type FollowDeps = {
  db: Database
  /** Calls back whenever a generation may have changed. Returns the way to stop. */
  subscribe: (generationId: string, listener: () => void) => () => void
}

/** Looked at this often even when no nudge comes: a nudge may be lost with its connection. */
const RECHECK_MS = 5_000

/**
 * The generation now and again after each change, up to and with its terminal state, or until `signal` aborts.
 * Yields nothing when there is no such generation. Throws `DatabaseAway`.
 */
export async function* followGeneration(
  { db, subscribe }: FollowDeps,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<GenerationWithImage, void> {
  let hasNews = false
  let wake = () => {}
  const onNews = () => {
    hasNews = true
    wake()
  }
  const unsubscribe = subscribe(id, onNews)
  signal.addEventListener('abort', onNews, { once: true })
  try {
    while (!signal.aborted) {
      hasNews = false
      const generation = await findGeneration(db, id)
      if (!generation) return
      yield generation
      if (isTerminal(generation.status)) return
      if (!hasNews && !signal.aborted) await sleepUnless((awake) => (wake = awake))
    }
  } finally {
    unsubscribe()
    signal.removeEventListener('abort', onNews)
  }
}

/**
 * The newest state after waiting for a terminal one, at most `timeoutMs`, and no longer than `signal` allows
 * or Postgres answers.
 */
export const waitForTerminal = async (
  deps: FollowDeps,
  id: string,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<GenerationWithImage | undefined> => {
  let newest: GenerationWithImage | undefined
  const enough = new AbortController()
  const stop = () => enough.abort()
  const timer = setTimeout(stop, timeoutMs)
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop)
  try {
    for await (const generation of followGeneration(deps, id, enough.signal)) newest = generation
  } catch (error) {
    if (!(error instanceof DatabaseAway)) throw error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
  return newest
}

const sleepUnless = (onWake: (wake: () => void) => void): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, RECHECK_MS)
    onWake(() => {
      clearTimeout(timer)
      resolve()
    })
  })
