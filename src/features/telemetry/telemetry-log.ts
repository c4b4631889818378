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

export type TelemetryLog = (event: Logged) => void

/** Shows events on the console while developing; undefined in production, where they are in the database alone. */
export const createTelemetryLog = (
  { isProduction }: { isProduction: boolean },
  logger: Pick<Logger, 'info'>,
): TelemetryLog | undefined =>
  isProduction ? undefined : ({ type, ...event }) => logger.info(event, type)
