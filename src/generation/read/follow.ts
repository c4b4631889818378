import { isTerminal } from '../../contract/vocabulary.ts'
import { type GenerationWithImage, isPresumed } from '../state/repository.ts'
import type { Watcher } from './watch.ts'

type WaitLimits = { timeoutMs: number; signal: AbortSignal; isPatient?: boolean }

/**
 * The generation once it has ended; undefined where it has not after `timeoutMs`, or once `signal` aborts, Postgres does not answer or
 * there is no such generation. Who is patient waits out a Postgres that does not answer, or does not know yet what is in the queue.
 */
export const waitForTerminal = (
  { follow }: Pick<Watcher, 'follow'>,
  known: Pick<GenerationWithImage, 'id' | 'eventSequence'>,
  { timeoutMs, signal, isPatient = false }: WaitLimits,
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
    const unfollow = follow(known.id, {
      seen: known.eventSequence,
      onNews: ({ row }) => isTerminal(row.status) && end(row),
      onGone: isPatient && isPresumed(known) ? waitOn : giveUp,
      onTrouble: isPatient ? waitOn : giveUp,
    })
    if (signal.aborted) giveUp()
  })

const waitOn = () => {}
