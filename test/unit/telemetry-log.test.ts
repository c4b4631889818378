import { expect, test } from '@jest/globals'
import pino from 'pino'
import { createTelemetryLog } from '../../src/features/telemetry/telemetry-log.ts'

const readLog = (isProduction: boolean): object[] => {
  const lines: string[] = []
  const logger = pino({ base: {} }, { write: (line) => void lines.push(line) })
  const log = createTelemetryLog({ isProduction }, logger)
  log?.({ type: 'generation_skipped', generationId: 'g_1', origin: 'client', source: 'client' })
  return lines.map((line) => JSON.parse(line))
}

test('events are on the console while developing, and in the database alone in production', () => {
  expect(readLog(false)).toEqual([
    expect.objectContaining({
      msg: 'generation_skipped',
      generationId: 'g_1',
      origin: 'client',
      source: 'client',
    }),
  ])
  expect(readLog(true)).toEqual([])
})
