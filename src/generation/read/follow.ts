import { isTerminal } from '../../contract/vocabulary.ts'
import type { GenerationWithImage } from '../state/repository.ts'
import type { Watcher } from './watch.ts'

/**
 * The generation once it has ended; undefined where it has not after `timeoutMs`, or once `signal` aborts, Postgres does not answer or
 * there is no such generation.
 */
export const waitForTerminal = (
  { follow }: Pick<Watcher, 'follow'>,
  { id, eventSequence }: Pick<GenerationWithImage, 'id' | 'eventSequence'>,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<GenerationWithImage | undefined> =>
  new Promise((resolve) => {
    const end = (row?: GenerationWithImage) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', giveUp)
      unfollow()
      resolve(row)
    }
    const giveUp = () => end()
    const timer = setTimeout(giveUp, timeoutMs)
    signal.addEventListener('abort', giveUp)
    const unfollow = follow(id, {
      seen: eventSequence,
      onNews: ({ row }) => isTerminal(row.status) && end(row),
      onGone: giveUp,
      onTrouble: giveUp,
    })
    if (signal.aborted) giveUp()
  })
