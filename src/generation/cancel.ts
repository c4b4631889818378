import type { Database } from '../../db/database.ts'
import { AppError } from '../errors.ts'
import type { Enqueue } from './ports.ts'
import { findGeneration, type GenerationWithImage } from './repository.ts'
import { enqueueIfQueued } from './sweep.ts'
import { cancelQueuedOrRunning, cancelUnwantedGeneration } from './transitions.ts'

export type CancelDeps = {
  db: Database
  enqueue: Enqueue
  removeJob: (generationId: string) => Promise<void>
}

/**
 * Cancels a queued or running generation; a worker that runs it hears so by NOTIFY and aborts its call.
 * Throws `not_found`, or `already_finished` when it is terminal.
 */
export const cancelGeneration = async (
  deps: CancelDeps,
  id: string,
): Promise<GenerationWithImage> => {
  const reason = new AppError('canceled', 'The generation was canceled.', { retryable: true })
  const moved = await cancelQueuedOrRunning(deps.db, id, reason)
  const generation = await findGeneration(deps.db, id)
  if (!generation) throw new AppError('not_found', 'There is no generation with this id.')
  if (!moved) {
    throw new AppError('already_finished', `The generation has ${generation.status} already.`)
  }
  await dropJob(deps, id)
  return generation
}

/**
 * Cancels a generation that was superseded, when nobody else wants it: only one that is queued and eager (no person
 * asked for it) and that no saved item shows. A job that can't be removed does nothing when it comes up.
 */
export const cancelUnwanted = async (deps: CancelDeps, id: string): Promise<void> => {
  const reason = new AppError('superseded', 'Another image was wanted instead.', {
    retryable: true,
  })
  const moved = await cancelUnwantedGeneration(deps.db, id, reason)
  if (moved) await dropJob(deps, id).catch(() => {})
}

const dropJob = async (deps: CancelDeps, id: string): Promise<void> => {
  await deps.removeJob(id)
  // Asked for again in between: the new job was taken for the old one, or the old one for the new.
  await enqueueIfQueued(deps.db, deps.enqueue, id).catch(() => {})
}
