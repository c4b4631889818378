import { z } from 'zod'
import {
  DEFAULT_PAGE_SIZE,
  MAX_ANALYTICS_DAYS,
  MAX_CURSOR_CHARACTERS,
  MAX_PAGE_SIZE,
} from './limits.ts'
import { ownerIdSchema, textSchema } from './text.ts'

const countSchema = z.int().min(0)
const usdSchema = z.number().min(0)
/** Null where there is nothing to take a share of. */
const percentSchema = z.number().min(0).max(100).nullable()

/** What is counted over some days. A day is a UTC day. */
export const figuresSchema = z.object({
  /** Requests: `started` + `skipped.total`. */
  total: countSchema,
  /** Those that needed a new image: they have ended as `completed`, `failed` or `canceled`, or are under way. */
  started: countSchema,
  /** Those that were answered without a paid call. */
  skipped: z.object({
    total: countSchema,
    exact: countSchema,
    joined: countSchema,
    similar: countSchema,
  }),
  /** What browsers say that their own guard kept back: their claim, and in no other figure. */
  clientSkipped: countSchema,
  /** `skipped.total` of `total`. */
  reuseRate: percentSchema,
  completed: countSchema,
  failed: countSchema,
  canceled: countSchema,
  /** `completed` of `completed` and `failed`. */
  successRate: percentSchema,
  /** Calls to the provider, and those of them that may have been charged. */
  calls: countSchema,
  paidCalls: countSchema,
  /** Those of the paid calls that were served at a tier below the standard price, and what they cost. */
  halfPriceCalls: countSchema,
  halfPriceUsd: usdSchema,
  /** What the calls cost. */
  spendUsd: usdSchema,
  /** How much of `spendUsd` nobody has told the price of: calls cut off, lost or under way, at what they may cost. */
  estimatedUsd: usdSchema,
  /** What the skipped ones would have cost, each by its own model and size. */
  savedUsd: usdSchema,
  /** From asking to the end, of `completed`; the percentiles within 2.5 %. Null where there are none. */
  durationMs: z.object({ p50: z.number(), p95: z.number(), mean: z.number() }).nullable(),
})
export type Figures = z.infer<typeof figuresSchema>

const daySchema = z.iso.date('must be a day, as 2026-11-22')

const rangeSchema = {
  /** The first and last day. */
  from: daySchema,
  to: daySchema,
}

const answerSchema = {
  ...rangeSchema,
  /** Everything that happened up to here is counted. */
  asOf: z.iso.datetime(),
}

const ownerSchema = {
  /** Whose figures they are; null for all owners together. */
  owner: z.string().nullable(),
}

export const analyticsSummarySchema = z.object({
  ...answerSchema,
  ...ownerSchema,
  figures: figuresSchema,
  /** As many days before `from`. */
  previous: z.object({ ...rangeSchema, figures: figuresSchema }),
  /** By the model that was called, the dearest first. */
  models: z.array(
    z.object({
      model: z.string(),
      calls: countSchema,
      paidCalls: countSchema,
      spendUsd: usdSchema,
    }),
  ),
})
export type AnalyticsSummary = z.infer<typeof analyticsSummarySchema>

export const analyticsTimeseriesSchema = z.object({
  ...answerSchema,
  ...ownerSchema,
  /** One for every day, in order. */
  points: z.array(figuresSchema.extend({ day: daySchema })),
})
export type AnalyticsTimeseries = z.infer<typeof analyticsTimeseriesSchema>

export const ownerFiguresSchema = figuresSchema
  .omit({ durationMs: true })
  .extend({ owner: z.string() })
export type OwnerFigures = z.infer<typeof ownerFiguresSchema>

export const analyticsOwnersSchema = z.object({
  ...answerSchema,
  owners: z.array(ownerFiguresSchema),
  nextCursor: z.string().nullable(),
})
export type AnalyticsOwners = z.infer<typeof analyticsOwnersSchema>

const rangeQuery = {
  /** So many days, the last of them today; instead of `from` and `to`. */
  days: z.coerce.number().int().min(1).max(MAX_ANALYTICS_DAYS).optional(),
  from: daySchema.optional(),
  to: daySchema.optional(),
}

/** The query of `summary` and `timeseries`. */
export const analyticsQuerySchema = z.object({
  ...rangeQuery,
  /** Of another owner than the caller: for operators alone. */
  owner: ownerIdSchema.optional(),
})
export type AnalyticsQuery = z.infer<typeof analyticsQuerySchema>

export const ownerSortSchema = z.enum([
  'spend',
  'saved',
  'reuseRate',
  'successRate',
  'total',
  'owner',
])
export type OwnerSort = z.infer<typeof ownerSortSchema>

/** The query of `owners`. */
export const analyticsOwnersQuerySchema = z.object({
  ...rangeQuery,
  sort: ownerSortSchema.default('spend'),
  /** `desc` unless sorted by owner. */
  order: z.enum(['asc', 'desc']).optional(),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_SIZE).default(DEFAULT_PAGE_SIZE),
  cursor: textSchema.max(MAX_CURSOR_CHARACTERS).optional(),
  format: z.enum(['json', 'csv']).optional(),
})
