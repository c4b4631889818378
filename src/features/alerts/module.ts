import { randomUUID } from 'node:crypto'
import type { Database } from '../../../db/database.ts'
import type { MaintenanceTask } from '../../adapters/queue/maintenance-queue.ts'
import type { AlertEvent } from '../../contract/alert.ts'
import { createRareLog, type Logger } from '../../lib/logger.ts'
import { runEvery } from '../../lib/run-every.ts'
import { DAY_MS, waitAtMost } from '../../lib/time.ts'
import { type EvaluateDeps, evaluateAlerts } from './evaluate.ts'
import { forgetQueryTimes, recordQueryTimes } from './fleet-query-times.ts'
import { deleteOldAlertEvents } from './maintenance.ts'
import type { AlertMetrics } from './metrics.ts'
import { findAlerts } from './repository.ts'
import type { AlertRule } from './rules.ts'

export type AlertsDeps = EvaluateDeps & {
  db: Database
  /** How fast this process's statements are answered, over the last so many milliseconds. */
  watchQueryTimes: (windowMs: number) => {
    read: () => { count: number; p95Ms: number | null }
    stop: () => void
  }
  metrics: AlertMetrics
  logger: Logger
}

/** An evaluation that waits for Postgres is left: another process makes the next one. */
const STOP_MS = 1_000

/** So often in an interval each process looks whether it has been evaluated. */
const LOOKS = 4

/** An evaluation that is skipped needs no line every few seconds. */
const LOG_EVERY_MS = 60_000

/**
 * Evaluates the alerts, once in an interval by whichever process of all gets to it: workers can't tell that none of them
 * is alive.
 */
export const createAlerts = ({ watchQueryTimes, metrics, logger, ...deps }: AlertsDeps) => {
  const { db, rules, intervalMs } = deps
  const onError = createRareLog(
    (fields) => logger.warn(fields, 'the alerts were not evaluated'),
    LOG_EVERY_MS,
  )
  const processId = randomUUID()
  const queryTimes = watchQueryTimes(findQueryWindow(rules))
  let sweeper: ReturnType<typeof runEvery> | undefined
  const unwatch = metrics.watch(async () => {
    const { rows } = await findAlerts(db)
    return rows.map(({ name, state }) => ({ name, isFiring: state === 'firing' }))
  })

  const look = async (): Promise<void> => {
    await recordQueryTimes(db, processId, queryTimes.read())
    for (const event of await evaluateAlerts(deps)) log(event)
  }
  const log = ({ alert, state, value, threshold, sample, message }: AlertEvent): void => {
    const fields = { alert, state, value, threshold, sample }
    if (state === 'firing') logger.warn(fields, message)
    else logger.info(fields, message)
  }

  const start = (): void => {
    sweeper = runEvery(look, { intervalMs: intervalMs / LOOKS, onError })
  }
  const end = async (): Promise<void> => {
    unwatch()
    queryTimes.stop()
    await sweeper?.stop()
    await forgetQueryTimes(db, processId).catch(onError)
  }
  const tasks: MaintenanceTask[] = [
    {
      name: 'alert-history',
      everyMs: DAY_MS,
      run: (signal) => deleteOldAlertEvents(db, signal),
    },
  ]
  return { start, stop: () => waitAtMost(end(), STOP_MS), tasks }
}

const findQueryWindow = (rules: readonly AlertRule[]): number =>
  rules.find(({ name }) => name === 'database_slow')?.windowMs ?? 60_000
