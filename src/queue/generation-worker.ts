import { DelayedError, type Job, UnrecoverableError } from 'bullmq'
import { AppError } from '../errors.ts'
import type { RunOutcome } from '../generation/run.ts'
import { waitAtMost } from '../time.ts'
import { type JobData, openWorker, type QueueBackend } from './backend.ts'

export type GenerationWorkerDeps = {
  backend: QueueBackend
  name: string
  concurrency: number
  run: (generationId: string) => Promise<RunOutcome>
  /** Called when a job has left the queue without having made an image. */
  onJobGone: (generationId: string) => Promise<void>
  onError: (error: Error) => void
}

/**
 * A worker that died is noticed after LOCK + STALLED_CHECK at the most. Short of that its generation's lease is
 * alive anyway, so there is nothing to gain from less.
 */
const LOCK_MS = 15_000
const STALLED_CHECK_MS = 5_000

/** Stalls are no reason to give up: how often a generation may be tried is counted in Postgres. */
const MAX_STALLED_COUNT = 1_000

const MAX_BACKOFF_MS = 15_000

/** The consumer's side of the queue; does nothing until `start`. */
export const createGenerationWorker = (deps: GenerationWorkerDeps) => {
  const { worker, close } = openWorker(
    deps.backend,
    deps.name,
    (job, token) => processJob(deps, job, token),
    {
      autorun: false,
      concurrency: deps.concurrency,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: MAX_STALLED_COUNT,
      settings: {
        backoffStrategy: (tries) => Math.min(MAX_BACKOFF_MS, 250 * 2 ** Math.min(tries, 8)),
      },
    },
  )
  worker.on('error', deps.onError)
  worker.on('completed', (job, result) => {
    if (result !== 'succeeded') void afterJob(deps, job.id)
  })
  worker.on('failed', (job) => void afterJob(deps, job?.id))

  /** Rejects nothing: BullMQ reconnects by itself and reports through `onError`. */
  const start = () => void worker.run().catch(deps.onError)

  /** Takes no more jobs and waits for the running ones, but no longer than `graceMs`. */
  const stop = (graceMs: number): Promise<void> => waitAtMost(close().catch(deps.onError), graceMs)

  return { start, stop }
}

const processJob = async (
  deps: GenerationWorkerDeps,
  job: Job<JobData, string>,
  token: string | undefined,
): Promise<string> => {
  const outcome = await deps.run(job.data.generationId).catch((error: unknown) => {
    throw toJobError(error)
  })
  if (outcome.kind === 'again') {
    await job.moveToDelayed(Date.now() + outcome.delayMs, token)
    throw new DelayedError()
  }
  if (outcome.kind === 'left') return 'left'
  if (outcome.status === 'failed') throw new UnrecoverableError(outcome.code)
  return outcome.status
}

/** What can't be retried must say so, or BullMQ would. */
const toJobError = (error: unknown): unknown =>
  error instanceof AppError && !error.retryable ? new UnrecoverableError(error.code) : error

const afterJob = async (deps: GenerationWorkerDeps, id: string | undefined): Promise<void> => {
  if (!id) return
  await deps.onJobGone(id).catch(deps.onError)
}
