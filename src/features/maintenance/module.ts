import type { Database } from '../../../db/database.ts'
import type { QueueBackend } from '../../adapters/queue/backend.ts'
import {
  createMaintenanceQueue,
  type MaintenanceTask,
} from '../../adapters/queue/maintenance-queue.ts'
import type { ImageStore, SpoolFiles } from '../../generation/ports.ts'
import { createRareLog, type Logger } from '../../lib/logger.ts'
import { runEvery } from '../../lib/run-every.ts'
import { DAY_MS, HOUR_MS } from '../../lib/time.ts'
import { deleteExpiredKeys } from './idempotency-keys.ts'
import { logLost, logReport } from './log-report.ts'
import { checkImages } from './lost-images.ts'
import { removeOrphanObjects } from './orphan-objects.ts'
import { deletePastCounts } from './rate-counts.ts'
import { cleanSpool } from './spool-files.ts'

type MaintenanceDeps = {
  db: Database
  store: ImageStore
  /** This worker's own. */
  spool: SpoolFiles
  backend: QueueBackend
  /** The name of the generations' queue. */
  queueName: string
  /** How often it is seen to that the tasks are scheduled. */
  intervalMs: number
  /** How long objects without a row are kept. */
  orphanGraceDays: number
  /** What the other features want done. */
  tasks: readonly MaintenanceTask[]
  logger: Logger
}

/** Tasks let go at the next row or object, or are left to another worker. */
const STOP_MS = 2_000

/** What is late by hours needs no line every few seconds. */
const LOG_EVERY_MS = 60_000

/** Runs what is done every hour or day, each task on whichever worker gets to it, and cleans this worker's own disk. */
export const createMaintenance = (deps: MaintenanceDeps) => {
  const { db, store, spool, backend, queueName, intervalMs, orphanGraceDays, logger } = deps
  const onError = createRareLog(
    (fields) => logger.warn(fields, 'maintenance trouble; done again later'),
    LOG_EVERY_MS,
  )
  const lostImages = { db, store, onLost: logLost(logger) }
  const own: MaintenanceTask[] = [
    {
      name: 'idempotency-keys',
      everyMs: HOUR_MS,
      run: (signal) => deleteExpiredKeys(db, signal),
    },
    {
      name: 'rate-counts',
      everyMs: HOUR_MS,
      run: (signal) => deletePastCounts(db, signal),
    },
    {
      name: 'lost-images',
      everyMs: HOUR_MS,
      run: (signal) => checkImages(lostImages, { signal }),
    },
    {
      name: 'orphan-objects',
      everyMs: DAY_MS,
      run: (signal) => removeOrphanObjects({ db, store, graceDays: orphanGraceDays }, { signal }),
    },
  ]
  const tasks = [...own, ...deps.tasks].map((task) => logged(task, logger))
  const queue = createMaintenanceQueue({ backend, name: queueName, tasks, onError })
  const clean = async () => logReport(logger, 'spool', await cleanSpool({ db, spool }))
  let firstClean: Promise<void> | undefined
  let sweepers: ReturnType<typeof runEvery>[] = []

  const start = (): void => {
    queue.start()
    firstClean = clean().catch(onError)
    sweepers = [
      runEvery(queue.schedule, { intervalMs, onError }),
      // By a timer, as each worker's disk is its own: a job scheduler would choose one worker of all.
      runEvery(clean, { intervalMs: HOUR_MS, onError }),
    ]
  }
  const stop = async (): Promise<void> => {
    await Promise.all([firstClean, ...sweepers.map((sweeper) => sweeper.stop())])
    await queue.stop(STOP_MS)
  }
  return { start, stop }
}

const logged = (task: MaintenanceTask, logger: Logger): MaintenanceTask => ({
  ...task,
  run: async (signal) => {
    const report = await task.run(signal)
    logReport(logger, task.name, report)
    return report
  },
})
