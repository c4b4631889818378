import type { TelemetryType } from '../../contract/telemetry.ts'
import type { Logger } from '../../lib/logger.ts'

/** What is logged of an event: never the prompt. */
type Logged = {
  type: TelemetryType
  generationId?: string | undefined
  origin: 'client' | 'server'
  source?: string | undefined
  durationMs?: number | undefined
}

/** Absent in production, where events are in the database alone. */
export type TelemetryLog = ((event: Logged) => void) | undefined

/** Shows events on the console while developing. */
export const createTelemetryLog = (
  { isProduction }: { isProduction: boolean },
  logger: Pick<Logger, 'info'>,
): TelemetryLog => (isProduction ? undefined : ({ type, ...event }) => logger.info(event, type))
