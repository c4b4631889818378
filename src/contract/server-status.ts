import { z } from 'zod'
import { laneSchema, providerNameSchema } from './vocabulary.ts'

const laneStatusSchema = z.object({
  lane: laneSchema,
  /** May run now. */
  queued: z.number().int(),
  running: z.number().int(),
  /** Waits for the time of its next try. */
  delayed: z.number().int(),
  /** Since when the oldest queued one could have run; null when there is none, and 0 ms. */
  oldestQueuedAt: z.iso.datetime().nullable(),
  oldestQueuedMs: z.number(),
})
export type LaneStatus = z.infer<typeof laneStatusSchema>

const workerStatusSchema = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.number().int(),
  version: z.string(),
  /** How many generations it runs at once, and how many it runs. */
  concurrency: z.number().int(),
  running: z.number().int(),
  /** `open`: it does not call a model for now, since that has answered nobody lately. */
  breaker: z.enum(['closed', 'open']),
  startedAt: z.iso.datetime(),
  seenAt: z.iso.datetime(),
  /** False when it has missed three heartbeats. */
  isAlive: z.boolean(),
})
export type WorkerStatus = z.infer<typeof workerStatusSchema>

/** What `GET /api/status` answers. */
export const serverStatusSchema = z.object({
  version: z.string(),
  provider: providerNameSchema,
  database: z.enum(['embedded', 'postgres']),
  queue: z.enum(['redis', 'postgres']),
  store: z.enum(['filesystem', 's3']),
  /** By what calls are priced: the version of the table, and when the oldest of it was compared with its source; null where calls are free. */
  prices: z
    .object({
      version: z.string(),
      oldestCheckedOn: z.iso.date().nullable(),
      /** What was last compared so long ago that it may be wrong. */
      old: z.array(z.string()),
    })
    .nullable(),
  lanes: z.array(laneStatusSchema),
  workers: z.array(workerStatusSchema),
})
export type ServerStatus = z.infer<typeof serverStatusSchema>
