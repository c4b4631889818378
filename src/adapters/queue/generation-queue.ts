import { setTimeout as delay } from 'node:timers/promises'
import type { Telemetry } from 'bullmq'
import type { Lane } from '../../contract/vocabulary.ts'
import type { QueuedJob } from '../../generation/ports.ts'
import type { DeferredSubmission } from '../../generation/submit/deferred-submission.ts'
import { messageOf } from '../../lib/errors.ts'
import { answerWithin } from '../../lib/time.ts'
import type { QueueBackend } from './backend.ts'
import { type OpenQueue, openQueue, PRODUCER_TIMEOUT_MS } from './open-queue.ts'

/**
 * Lower runs first. Every job has a priority, since BullMQ runs those without one before all others: within a
 * lane the owner's place in line, so that no owner's hundredth delays another's first; eager behind all.
 */
export const priorityOf = ({ lane, place }: Pick<QueuedJob, 'lane' | 'place'>): number =>
  LANE_PRIORITY[lane] + place

const LANE_PRIORITY: Record<Lane, number> = { interactive: 1, eager: 1_000_000 }

/** BullMQ retries only what our own rules never saw (Postgres away), so for as long as it takes. */
const UNEXPECTED_ATTEMPTS = 1_000_000

const MAX_DELAYED = 10_000
const HASTENED_AT_ONCE = 50

export type GenerationQueue = ReturnType<typeof createGenerationQueue>

/** The producer's side of the queue. A job carries the generation's id, and its whole submission where that has no row yet. */
export const createGenerationQueue = (
  backend: QueueBackend,
  name: string,
  onError: (error: Error) => void,
  telemetry?: Telemetry,
) => {
  const { get, claim, findJobless, close } = openQueue(backend, name, onError, telemetry)
  const timeoutMs = PRODUCER_TIMEOUT_MS[backend.kind]

  /**
   * The job ID is the generation id: adding one that is there changes nothing, even late. Bounded as a whole, as a
   * command of ioredis waits for the batch before it.
   */
  const enqueue = (job: QueuedJob): Promise<void> =>
    answerWithin(add(job), timeoutMs, 'the queue does not answer')

  const add = async (job: QueuedJob): Promise<void> => {
    const queue = await get()
    const { name, data, opts } = toBullJob(job)
    await queue.add(name, data, opts)
  }

  const enqueueAll = async (jobs: QueuedJob[]): Promise<void> => {
    const queue = await get()
    await queue.addBulk(jobs.map(toBullJob))
  }

  /** Adds a job that holds its whole request. Rejects where the queue is in Postgres: that is what is away. */
  const defer = async (deferred: DeferredSubmission): Promise<void> => {
    if (backend.kind === 'postgres') throw new Error('the queue is where the rows are')
    const { id: generationId, lane } = deferred.generation
    const { name, data, opts } = toBullJob({ generationId, lane, place: 0 })
    const queue = await get()
    await queue.add(name, { ...data, parked: deferred }, opts)
  }

  /** The request that waits in a job, if it does. */
  const findDeferred = async (generationId: string): Promise<DeferredSubmission | undefined> => {
    if (backend.kind === 'postgres') return undefined
    const queue = await get()
    const job = await queue.getJob(generationId)
    return job?.data.parked
  }

  /** Takes the requests of an owner out that wait in the queue; says how many, and how many a worker holds. */
  const removeDeferred = async (ownerId: string): Promise<{ removed: number; held: number }> => {
    if (backend.kind === 'postgres') return { removed: 0, held: 0 }
    const queue = await get()
    const own = await listDeferredOf(queue, ownerId, ['prioritized', 'delayed', 'waiting'])
    for (const id of own) await queue.remove(id)
    const held = await listDeferredOf(queue, ownerId, ['active'])
    return { removed: own.length, held: held.length }
  }

  /** Moves a waiting job to where its lane and place belong now, to be run at once; adds it when it is gone. */
  const promote = async (job: QueuedJob): Promise<void> => {
    await enqueue(job)
    const queue = await get()
    const waiting = await queue.getJob(job.generationId)
    await waiting?.changePriority({ priority: priorityOf(job) })
    if (await waiting?.isDelayed()) await waiting?.promote()
  }

  /** The generations whose jobs BullMQ keeps back until a time, 10,000 at most. */
  const listDelayed = async (): Promise<string[]> => {
    const queue = await get()
    return queue.getRanges(['delayed'], 0, MAX_DELAYED - 1)
  }

  /** Makes these jobs due now; those that are not kept back any more stay as they are. */
  const hasten = async (generationIds: readonly string[]): Promise<void> => {
    const queue = await get()
    for (let at = 0; at < generationIds.length; at += HASTENED_AT_ONCE) {
      const ids = generationIds.slice(at, at + HASTENED_AT_ONCE)
      const jobs = await Promise.all(ids.map((id) => queue.getJob(id)))
      await Promise.allSettled(jobs.map((job) => job?.promote()))
    }
  }

  /** Takes a waiting job out; one that a worker holds is left to it. */
  const remove = async (generationId: string): Promise<void> => {
    try {
      const queue = await get()
      await queue.remove(generationId)
    } catch (error) {
      onError(new Error(`a canceled job stays queued and will be skipped: ${messageOf(error)}`))
    }
  }

  const ping = async (): Promise<void> => {
    const queue = await get()
    await queue.getJobCounts('active')
  }

  /** How many jobs are in each of BullMQ's states that ours can be in. */
  const count = async (): Promise<Record<string, number>> => {
    const queue = await get()
    return queue.getJobCounts('prioritized', 'active', 'delayed')
  }

  /** How many jobs all workers together may run at once; undefined lifts the limit. Applies from now on. */
  const limitConcurrency = async (max: number | undefined): Promise<void> => {
    const queue = await get()
    if (max === undefined) await queue.removeGlobalConcurrency()
    else await queue.setGlobalConcurrency(max)
  }

  /** Waits for the store to answer for the first time; gives up quietly, as it may come later. */
  const settle = async (timeoutMs: number): Promise<void> => {
    const deadline = Date.now() + timeoutMs
    while (Date.now() < deadline && !(await get().catch(() => undefined))) await delay(50)
  }

  return {
    enqueue,
    enqueueAll,
    defer,
    findDeferred,
    removeDeferred,
    promote,
    findJobless,
    listDelayed,
    hasten,
    remove,
    limitConcurrency,
    ping,
    count,
    settle,
    claim,
    close,
  }
}

const PAGE_JOBS = 500

const listDeferredOf = async (
  queue: OpenQueue,
  ownerId: string,
  states: Parameters<OpenQueue['getJobs']>[0],
): Promise<string[]> => {
  const ids: string[] = []
  for (let start = 0; ; start += PAGE_JOBS) {
    const jobs = await queue.getJobs(states, start, start + PAGE_JOBS - 1)
    for (const job of jobs) {
      if (job?.data.parked?.generation.ownerId === ownerId) ids.push(job.data.generationId)
    }
    if (jobs.length === 0) return ids
  }
}

const toBullJob = (job: QueuedJob) => ({
  name: 'generate',
  data: { generationId: job.generationId },
  opts: {
    jobId: job.generationId,
    priority: priorityOf(job),
    attempts: UNEXPECTED_ATTEMPTS,
    backoff: { type: 'custom' },
    removeOnComplete: true,
    removeOnFail: true,
    ...(job.delayMs && { delay: job.delayMs }),
  },
})
