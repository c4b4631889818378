import { z } from 'zod'
import { alertChangeSchema, alertNameSchema, alertStateSchema } from './vocabulary.ts'

export const alertUnitSchema = z.enum(['percent', 'ms', 'usd', 'count'])
export type AlertUnit = z.infer<typeof alertUnitSchema>

const timestampSchema = z.iso.datetime()

export const alertSchema = z.object({
  name: alertNameSchema,
  state: alertStateSchema,
  /** A few words for a heading. */
  title: z.string(),
  /** What `value` is. */
  measures: z.string(),
  /** What is wrong while it fires, and what to do. */
  meaning: z.string(),
  action: z.string(),
  /** Where the documentation has more. */
  docs: z.string(),
  unit: alertUnitSchema,
  /** What was measured last; null when there was nothing to measure. */
  value: z.number().nullable(),
  /** How many cases that was made of, and how many it takes for the state to change. */
  sample: z.int(),
  minSample: z.int(),
  /** How far back is looked; null where only the moment counts. */
  windowMs: z.int().nullable(),
  /** On which side of `threshold` it fires. */
  fires: z.enum(['above', 'below']),
  /** Null: the alert is off, for want of a setting. */
  threshold: z.number().nullable(),
  /** It resolves at this value and beyond; between the two the state stays as it is. */
  resolvesAt: z.number().nullable(),
  /** What the value should be at or beyond when all is well. */
  target: z.number().nullable(),
  /** Since when it is in this state; null when it was never evaluated. */
  since: timestampSchema.nullable(),
  firedAt: timestampSchema.nullable(),
  resolvedAt: timestampSchema.nullable(),
})
export type Alert = z.infer<typeof alertSchema>

/** What `GET /api/alerts` answers. */
export const alertsSchema = z.object({
  /** When all were looked at last; null when never. Older than a few intervals: nothing evaluates them. */
  evaluatedAt: timestampSchema.nullable(),
  intervalMs: z.int(),
  /** Those that fire first, and among them those that began last. */
  alerts: z.array(alertSchema),
})
export type Alerts = z.infer<typeof alertsSchema>

/** A change of state, with what was measured then. */
export const alertEventSchema = z.object({
  id: z.string(),
  alert: alertNameSchema,
  state: alertChangeSchema,
  at: timestampSchema,
  title: z.string(),
  /** One line that says it all. */
  message: z.string(),
  unit: alertUnitSchema,
  /** Null when the alert was switched off. */
  value: z.number().nullable(),
  threshold: z.number().nullable(),
  sample: z.int(),
})
export type AlertEvent = z.infer<typeof alertEventSchema>

/** What `GET /api/alerts/history` answers: the changes, newest first. */
export const alertHistorySchema = z.object({
  events: z.array(alertEventSchema),
  nextCursor: z.string().nullable(),
})
export type AlertHistory = z.infer<typeof alertHistorySchema>
