import { z } from 'zod'
import { telemetryBatchSchema } from '../../contract/telemetry.ts'
import { answer, json, type Operations, operation } from '../operation.ts'

const receipt = z.object({ accepted: z.number().int(), duplicates: z.number().int() })

export const telemetry: Operations = {
  '/api/telemetry': {
    post: operation('Telemetry', 'reportEvents', {
      summary: 'What browsers saw',
      description: 'Counted once by `id`. Works with `navigator.sendBeacon`.',
      body: json(telemetryBatchSchema.meta({ id: 'TelemetryBatch' }), {
        events: [
          {
            id: '7f9c2ba4',
            type: 'generation_skipped',
            at: '2026-11-22T09:00:00.000Z',
            source: 'client',
          },
        ],
      }),
      answers: { 202: answer('Kept.', receipt) },
      problems: [400, 413, 415, 429],
    }),
  },
}
