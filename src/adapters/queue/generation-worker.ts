import { DelayedError, type Job, type Telemetry, UnrecoverableError } from 'bullmq'
import type { RunOutcome } from '../../generation/run/run-deps.ts'
import type { DeferredSubmission } from '../../generation/submit/deferred-submission.ts'
import { AppError } from '../../lib/errors.ts'
import { waitAtMost } from '../../lib/time.ts'
import type { JobData, QueueBackend } from './backend.ts'
import { openWorker } from './open-worker.ts'

export type GenerationWorkerDeps = {
  backend: QueueBackend
  name: string
  concurrency: number
  leaseMs: number
  /** `onLong` is to be called once the rest takes minutes: the slot is another's then. */
  run: (
    generationId: string,
    deferred: DeferredSubmission | undefined,
    onLong: () => void,
  ) => Promise<RunOutcome>
  /** Called when a job has left the queue without having made an image. */
  onJobGone: (generationId: string) => Promise<void>
  /** Called when what has no job any more is to be run again, after so long. */
  onAgain: (generationId: string, delayMs: number) => Promise<void>
  onError: (error: Error) => void
  telemetry?: Telemetry | undefined
}

/**
 * Parts of a lease: BullMQ notices a worker that died after lock and check together, when its generation's lease
 * is about to end. Sooner would gain nothing, later would keep the generation waiting.
 */
const LOCKS_PER_LEASE = 2
const STALLED_CHECKS_PER_LEASE = 6

/** Stalls are no reason to give up: how often a generation may be tried is counted in Postgres. */
const MAX_STALLED_COUNT = 1_000

const MAX_BACKOFF_MS = 15_000

/** The consumer's side of the queue; does nothing until `start`. */
export const createGenerationWorker = (deps: GenerationWorkerDeps) => {
  const running = new Set<Promise<unknown>>()
  let isStopping = false
  /** A job that arrives while the worker stops goes back. */
  const run: GenerationWorkerDeps['run'] = async (id, deferred, onLong) =>
    isStopping ? { kind: 'again', delayMs: 0 } : track(id, deferred, onLong)
  const track: GenerationWorkerDeps['run'] = (id, deferred, onLong) => {
    const promise = deps.run(id, deferred, onLong).finally(() => running.delete(promise))
    running.add(promise)
    return promise
  }
  const { start, close } = openWorker(
    deps.backend,
    deps.name,
    (job, token) => processJob({ ...deps, run }, job, token),
    {
      concurrency: deps.concurrency,
      lockDuration: Math.round(deps.leaseMs / LOCKS_PER_LEASE),
      stalledInterval: Math.round(deps.leaseMs / STALLED_CHECKS_PER_LEASE),
      maxStalledCount: MAX_STALLED_COUNT,
      onError: deps.onError,
      onOpen: (worker) => {
        worker.on('completed', (job, result) => {
          if (result !== 'succeeded') void afterJob(deps, job.id)
        })
        worker.on('failed', (job) => void afterJob(deps, job?.id))
      },
      ...(deps.telemetry && { telemetry: deps.telemetry }),
      settings: {
        backoffStrategy: (tries) => Math.min(MAX_BACKOFF_MS, 250 * 2 ** Math.min(tries, 8)),
      },
    },
  )

  /** Takes no more jobs and waits for what runs, with a job or without, but no longer than `graceMs`. */
  const stop = async (graceMs: number): Promise<void> => {
    isStopping = true
    const isIdle = () => Promise.allSettled(running)
    await Promise.all([close(graceMs, isIdle).catch(deps.onError), waitAtMost(isIdle(), graceMs)])
  }

  return { start, stop, countRunning: () => running.size }
}

type ProcessDeps = Pick<GenerationWorkerDeps, 'run' | 'onJobGone' | 'onAgain' | 'onError'>

const processJob = async (
  deps: ProcessDeps,
  job: Job<JobData, string>,
  token: string | undefined,
): Promise<string> => {
  const { generationId, parked } = job.data
  const outcome = await new Promise<RunOutcome | 'long'>((resolve, reject) => {
    let isLong = false
    const onLong = () => {
      isLong = true
      resolve('long')
    }
    deps.run(generationId, parked, onLong).then(
      (ended) => (isLong ? void endWithoutJob(deps, generationId, ended) : resolve(ended)),
      (error: unknown) => (isLong ? deps.onError(error as Error) : reject(toJobError(error))),
    )
  })
  // Its lease tells that it is under way; if this worker dies, the sweeper finds it by that.
  if (outcome === 'long') return 'long'
  if (outcome.kind === 'again') {
    // By this worker's clock, which may be wrong: the sweeper goes by the row (ADR 38).
    await job.moveToDelayed(Date.now() + outcome.delayMs, token)
    throw new DelayedError()
  }
  if (outcome.kind === 'left') return 'left'
  if (outcome.status === 'failed') throw new UnrecoverableError(outcome.code)
  return outcome.status
}

/** What fails here is found by the sweeper. */
const endWithoutJob = async (
  { onJobGone, onAgain, onError }: ProcessDeps,
  generationId: string,
  outcome: RunOutcome,
): Promise<void> => {
  if (outcome.kind === 'again') await onAgain(generationId, outcome.delayMs).catch(onError)
  if (outcome.kind === 'left') await onJobGone(generationId).catch(onError)
}

/** BullMQ retries every error but an `UnrecoverableError`. */
const toJobError = (error: unknown): unknown =>
  error instanceof AppError && !error.retryable ? new UnrecoverableError(error.code) : error

const afterJob = async (deps: GenerationWorkerDeps, id: string | undefined): Promise<void> => {
  if (!id) return
  await deps.onJobGone(id).catch(deps.onError)
}
