import { ErrorCode } from 'bullmq'
import type { JobData, QueueBackend } from './backend.ts'
import { type OpenQueue, openQueue } from './open-queue.ts'
import { openWorker } from './open-worker.ts'

/** Something that is done every so often, by one worker of all. */
export type MaintenanceTask = {
  /** Stable: workers know the schedule by it. */
  name: string
  everyMs: number
  /** Done soon after a worker starts, too; once where several start at the same time. */
  isDueAtStart?: boolean
  /**
   * Safe to repeat and to run twice at once. May be cut short by `signal`; it is then done again elsewhere. Resolves with what
   * was done, by name.
   */
  run: (signal: AbortSignal) => Promise<Record<string, unknown>>
}

export type MaintenanceQueueDeps = {
  backend: QueueBackend
  /** The name of the generations' queue. */
  name: string
  tasks: readonly MaintenanceTask[]
  onError: (error: Error) => void
  /** How often the schedules are made again. */
  scheduleEveryMs?: number
  /** How long after a failed try the next one is. */
  retryMs?: number
}

/** Trouble of a minute, or a worker that stops, does not cost a day. */
const TRIES = 3
const RETRY_MS = 60_000

const SCHEDULE_EVERY_MS = 60_000

const NO_DATA = {} as JobData

/** A worker that stops while Redis is away keeps a timer as long. */
const STALLED_CHECK_MS = 3_000

/** A stored name: workers of every release share the queue. */
const upkeepNameOf = (name: string): string => `${name}-upkeep`

/** Of all the queues that an installation has by this `QUEUE_NAME`. */
export const queueNamesOf = (name: string): string[] => [name, upkeepNameOf(name)]

/** A job scheduler for each task, and the worker that does what falls due; nothing happens until `start`. */
export const createMaintenanceQueue = ({
  scheduleEveryMs = SCHEDULE_EVERY_MS,
  retryMs = RETRY_MS,
  ...deps
}: MaintenanceQueueDeps) => {
  const name = upkeepNameOf(deps.name)
  const queue = openQueue(deps.backend, name, deps.onError)
  const stopping = new AbortController()
  const running = new Set<Promise<unknown>>()
  const run = async (taskName: string): Promise<string> => {
    const task = deps.tasks.find((each) => each.name === taskName)
    // A newer release's: one of its workers will take the next try.
    if (!task) throw new Error(`there is no maintenance task ${taskName} in this release`)
    const promise = task.run(stopping.signal).finally(() => running.delete(promise))
    running.add(promise)
    await promise
    return 'done'
  }
  const { start, close } = openWorker(deps.backend, name, (job) => run(job.name), {
    concurrency: 1,
    stalledInterval: STALLED_CHECK_MS,
    onError: deps.onError,
    onOpen: (worker) =>
      worker.on('failed', (_job, error) => {
        if (!stopping.signal.aborted) deps.onError(error)
      }),
  })

  let isStarted = false
  let scheduledAt = Number.NEGATIVE_INFINITY
  /**
   * Makes the schedules, if that was not done for a while; throws while the queue's store is away. Made again
   * and again because a Redis may lose its data. What is scheduled keeps its time: BullMQ puts the next job where it was.
   */
  const schedule = async (): Promise<void> => {
    if (performance.now() - scheduledAt < scheduleEveryMs) return
    const scheduler = await queue.get()
    const opts = {
      attempts: TRIES,
      backoff: { type: 'fixed', delay: retryMs },
      removeOnComplete: true,
      removeOnFail: true,
    }
    for (const task of deps.tasks) {
      if (await isScheduled(scheduler, task)) continue
      await scheduler
        .upsertJobScheduler(task.name, { every: task.everyMs }, { name: task.name, opts })
        .catch(ignoreRace)
    }
    for (const { name: taskName, isDueAtStart } of deps.tasks) {
      if (isStarted || !isDueAtStart) continue
      // BullMQ adds no second job with the same ID while the first is there.
      await scheduler.add(taskName, NO_DATA, { ...opts, jobId: `${taskName}-at-start` })
    }
    isStarted = true
    scheduledAt = performance.now()
  }

  /** Cuts short what runs and lets go of the queue, whether its store answers or not. */
  const stop = async (graceMs: number): Promise<void> => {
    stopping.abort()
    await close(graceMs, () => Promise.allSettled(running)).catch(deps.onError)
    await queue.close()
  }

  return { schedule, start, stop }
}

/**
 * What stands is left alone: on Postgres each of several workers that make a schedule at the same moment puts it a period further
 * ahead. A worker whose clock was fast may have put the next time off by as much: that one is taken away.
 */
const isScheduled = async (
  scheduler: OpenQueue,
  { name, everyMs }: MaintenanceTask,
): Promise<boolean> => {
  const { every, next = 0 } = (await scheduler.getJobScheduler(name)) ?? {}
  const aheadMs = next - Date.now()
  if (aheadMs > MAX_PERIODS_AHEAD * everyMs) await scheduler.removeJobScheduler(name)
  else if (aheadMs > 0) return Number(every) === everyMs
  return false
}

/** As far as workers that start at the same moment may put it. */
const MAX_PERIODS_AHEAD = 3

/** On Postgres another worker that does the same at this moment may have made the next job: then it is there. */
const ignoreRace = (error: Error & { code?: unknown }): void => {
  const isThere =
    error.code === ErrorCode.SchedulerJobIdCollision ||
    error.code === ErrorCode.SchedulerJobSlotsBusy
  if (!isThere) throw error
}
