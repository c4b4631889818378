import type { Database } from '../../../db/database.ts'
import { AppError } from '../../lib/errors.ts'
import type { Enqueue, QueuedJob } from '../ports.ts'
import {
  cancelAllQueuedOrRunning,
  cancelQueuedOrRunning,
  cancelUnwantedGeneration,
} from './interventions.ts'
import { findGeneration, type GenerationWithImage } from './repository.ts'
import { enqueueIfQueued, findQueued } from './sweep.ts'

export type CancelDeps = {
  db: Database
  enqueue: Enqueue
  removeJob: (generationId: string) => Promise<void>
}

/**
 * Cancels a queued or running generation; a worker that runs it is notified and aborts its call.
 * Throws `not_found`, or `already_finished` when it is terminal.
 */
export const cancelGeneration = async (
  deps: CancelDeps,
  id: string,
): Promise<GenerationWithImage> => {
  const changed = await cancelQueuedOrRunning(deps.db, id, canceled())
  const generation = await findGeneration(deps.db, id)
  if (!generation) throw new AppError('not_found', 'There is no generation with this id.')
  if (!changed) {
    throw new AppError('already_finished', `The generation has ${generation.status} already.`)
  }
  await dropJob(deps, id)
  return generation
}

/** How many rows one statement cancels, and how many jobs are then taken out side by side. */
const BATCH_ROWS = 100

/** Cancels those among these that are queued or running, each like one alone; answers which they were. */
export const cancelGenerations = async (
  deps: CancelDeps & { enqueueAll: (jobs: QueuedJob[]) => Promise<void> },
  ids: readonly string[],
): Promise<Set<string>> => {
  const all = new Set<string>()
  for (let at = 0; at < ids.length; at += BATCH_ROWS) {
    const batch = ids.slice(at, at + BATCH_ROWS)
    const changed = await cancelAllQueuedOrRunning(deps.db, batch, canceled())
    for (const { id } of changed) all.add(id)
  }
  await dropJobs(deps, [...all])
  return all
}

const dropJobs = async (
  deps: Parameters<typeof cancelGenerations>[0],
  ids: readonly string[],
): Promise<void> => {
  for (let at = 0; at < ids.length; at += BATCH_ROWS) {
    const batch = ids.slice(at, at + BATCH_ROWS)
    await Promise.all(batch.map(deps.removeJob))
    const askedAgain = await findQueued(deps.db, batch)
    if (askedAgain.length > 0) await deps.enqueueAll(askedAgain).catch(() => {})
  }
}

const canceled = () => new AppError('canceled', 'The generation was canceled.', { retryable: true })

/**
 * Cancels a generation that was superseded, when nobody else wants it: only one that is queued and eager (no person
 * asked for it) and that no saved item shows. A job that can't be removed does nothing when it comes up.
 */
export const cancelUnwanted = async (deps: CancelDeps, id: string): Promise<void> => {
  const reason = new AppError('superseded', 'Another image was wanted instead.', {
    retryable: true,
  })
  const changed = await cancelUnwantedGeneration(deps.db, id, reason)
  if (changed) await dropJob(deps, id).catch(() => {})
}

const dropJob = async (deps: CancelDeps, id: string): Promise<void> => {
  await deps.removeJob(id)
  // Asked for again in between: the new job was taken for the old one, or the old one for the new.
  await enqueueIfQueued(deps.db, deps.enqueue, id).catch(() => {})
}
