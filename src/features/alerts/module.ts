import { randomUUID } from 'node:crypto'
import type { Config } from '../../app/config.ts'
import type { Shared } from '../../app/resources.ts'
import type { AlertEvent } from '../../contract/alert.ts'
import { createRareLog, type Logger } from '../../lib/logger.ts'
import { startSweeper } from '../../lib/run-every.ts'
import { waitAtMost } from '../../lib/time.ts'
import { insertAlertDeliveries } from '../webhooks/alert-deliveries.ts'
import { evaluateAlerts } from './evaluate.ts'
import { forgetQueryTimes, recordQueryTimes } from './fleet-query-times.ts'

/** An evaluation that waits for Postgres is left: another process makes the next one. */
const STOP_MS = 1_000

/** So often in an interval each process looks whether it has been evaluated. */
const LOOKS = 4

/** An evaluation that is skipped needs no line every few seconds. */
const LOG_EVERY_MS = 60_000

/**
 * Evaluates the alerts, once in an interval by whichever process of all gets to it: workers can't tell that none of them
 * is alive. Release with `stop`.
 */
export const createAlerts = (
  { alerts: { intervalMs } }: Config,
  { db, alertRules: rules, queryTimes }: Pick<Shared, 'db' | 'alertRules' | 'queryTimes'>,
  logger: Logger,
) => {
  const onError = createRareLog(
    (fields) => logger.warn(fields, 'the alerts were not evaluated'),
    LOG_EVERY_MS,
  )
  const processId = randomUUID()
  let sweeper: ReturnType<typeof startSweeper> | undefined

  const look = async (): Promise<void> => {
    await recordQueryTimes(db, processId, queryTimes.read())
    const events = await evaluateAlerts({
      db,
      rules,
      intervalMs,
      tellEndpoints: insertAlertDeliveries,
    })
    for (const event of events) log(event)
  }
  const log = ({ alert, state, value, threshold, sample, message }: AlertEvent): void => {
    const fields = { alert, state, value, threshold, sample }
    if (state === 'firing') logger.warn(fields, message)
    else logger.info(fields, message)
  }

  const start = (): void => {
    sweeper = startSweeper(look, { intervalMs: intervalMs / LOOKS, onError })
  }
  const end = async (): Promise<void> => {
    await sweeper?.stop()
    await forgetQueryTimes(db, processId).catch(onError)
  }
  return { start, stop: () => waitAtMost(end(), STOP_MS) }
}
