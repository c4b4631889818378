import { z } from 'zod'
import { isGenerationId } from './identity.ts'
import { MAX_TELEMETRY_EVENTS } from './limits.ts'
import { textSchema } from './text.ts'
import { reuseSourceSchema } from './vocabulary.ts'

/** `generation_skipped`: answered without a paid call. */
export const telemetryTypeSchema = z.enum([
  'generation_started',
  'generation_skipped',
  'generation_completed',
  'generation_failed',
])
export type TelemetryType = z.infer<typeof telemetryTypeSchema>

/** What the server itself writes of a request that was refused, as a limit was reached. It is of no generation. */
export const REFUSED_EVENT = 'generation_refused'

const MAX_DURATION_MS = 7 * 24 * 60 * 60 * 1_000

/** What a browser saw. */
export const telemetryEventSchema = z.strictObject({
  /** The browser's own: an event that is sent twice is counted once. */
  id: z.string().regex(/^[\x21-\x7e]{1,100}$/, 'must be 1 to 100 visible ASCII characters'),
  type: telemetryTypeSchema,
  at: z.iso.datetime({ offset: true }),
  generationId: z.string().refine(isGenerationId, 'must be the id of a generation').optional(),
  durationMs: z.number().min(0).max(MAX_DURATION_MS).optional(),
  source: reuseSourceSchema.optional(),
})
export type TelemetryEvent = z.infer<typeof telemetryEventSchema>

/** What `POST /api/telemetry` takes. `token` is for `navigator.sendBeacon`, which can send no header. */
export const telemetryBatchSchema = z.strictObject({
  token: textSchema.optional(),
  events: z.array(telemetryEventSchema).min(1, 'must not be empty').max(MAX_TELEMETRY_EVENTS),
})

export type TelemetryReceipt = { accepted: number; duplicates: number }
