import type { Database } from '../../../db/database.ts'
import type { Reuse } from '../../contract/generation.ts'
import type { Logger } from '../../lib/logger.ts'
import { createRefusalLog } from './refusal-log.ts'
import { createReuseLog } from './reuse-log.ts'
import { createTelemetryLog } from './telemetry-log.ts'

type TelemetryDeps = {
  db: Database
  logger: Logger
  isProduction: boolean
  /** Counts an answer that cost nothing. */
  onReuse: (reuse: Reuse | undefined) => void
}

/** What is recorded beside the truth. Release with `close`, when nothing is answered any more. */
export const createTelemetry = ({ db, logger, isProduction, onReuse }: TelemetryDeps) => {
  const log = createTelemetryLog({ isProduction }, logger)
  const reuseLog = createReuseLog(db, {
    log,
    onReuse,
    onError: (error) => logger.warn({ err: error }, 'lost reuse records'),
  })
  const refusalLog = createRefusalLog(db, {
    onError: (error) => logger.warn({ err: error }, 'lost records of what was refused'),
  })
  const close = async (): Promise<void> => {
    await Promise.all([reuseLog.close(), refusalLog.close()])
  }
  return { log, recordReuse: reuseLog.record, recordRefusal: refusalLog.record, close }
}
