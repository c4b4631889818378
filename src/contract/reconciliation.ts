import { z } from 'zod'
import { textSchema } from './text.ts'

/** The largest bill that is taken over HTTP; the command line takes any. */
export const MAX_BILL_BYTES = 64 * 1024 * 1024

const countSchema = z.int().min(0)
const usdSchema = z.number()
const daySchema = z.iso.date('must be a day, as 2026-11-22')

/** Both sides of a sum, in US dollars. */
const sides = { billedUsd: usdSchema, bookedUsd: usdSchema, differenceUsd: usdSchema }

/** What one side has and the other has not. */
export const billDifferenceSchema = z.object({
  /** The days of the bill's time zone that it is of. */
  from: daySchema,
  to: daySchema,
  model: z.string().nullable(),
  tier: z.string().nullable(),
  /** Of token: `imageOut`; `whole` is what calls cost that nobody knows the tokens of. */
  kind: z.string().nullable(),
  /** The SKU's description; of several, one after the other. */
  sku: z.string().nullable(),
  /** Lines of the bill, as `12, 40-44`. */
  lines: z.string().nullable(),
  ...sides,
  billedTokens: z.number().nullable(),
  bookedTokens: z.number().nullable(),
  responseId: z.string().nullable(),
  /** Calls that it can only be of, as `attempts 12 (g_…)`. */
  calls: z.array(z.string()),
  /** In words. */
  why: z.string(),
})
export type BillDifference = z.infer<typeof billDifferenceSchema>

const differences = z.object({
  count: countSchema,
  usd: usdSchema,
  /** The largest of them. */
  items: z.array(billDifferenceSchema),
})

/** A bill, compared with what is booked. */
export const reconciliationSchema = z.object({
  id: z.string(),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  billName: z.string(),
  /** True where every row is explained, and nothing is booked that the bill lacks. */
  isExplained: z.boolean(),
  provider: z.enum(['gemini', 'openai']),
  /** `days`: by day and SKU. `calls`: each row is of one call. */
  form: z.enum(['days', 'calls']),
  zone: z.string(),
  /** The days that it was compared for; null of a bill without any row of ours. */
  from: daySchema.nullable(),
  /** Up to this day the bill is taken to be whole. */
  through: daySchema.nullable(),
  /** To what a row is explained. */
  toleranceUsd: usdSchema,
  bill: z.object({ rows: countSchema, usd: usdSchema, creditsUsd: usdSchema }),
  explained: z.object({ rows: countSchema, usd: usdSchema }),
  booked: z.object({ calls: countSchema, usd: usdSchema, estimates: countSchema }),
  billedNotBooked: differences,
  bookedNotBilled: differences,
  /** Booked for days that the bill may not be whole for. */
  pending: z.object({ calls: countSchema, usd: usdSchema }),
  /** Rows that are of no call of ours. */
  aside: z.array(z.object({ reason: z.string(), rows: countSchema, usd: usdSchema })),
  /** Rows that can't be read. */
  bad: z.object({
    count: countSchema,
    items: z.array(z.object({ line: countSchema, message: z.string() })),
  }),
  /** By model, tier and kind of token, the dearest first. */
  kinds: z.array(
    z.object({
      model: z.string(),
      tier: z.string(),
      kind: z.string(),
      rows: countSchema,
      ...sides,
      billedTokens: z.number().nullable(),
      bookedTokens: z.number().nullable(),
    }),
  ),
  /** Calls of unknown cost that the bill tells: told alone, unless `isSettled`. */
  estimates: z.object({
    isSettled: z.boolean(),
    calls: countSchema,
    fromUsd: usdSchema,
    toUsd: usdSchema,
    absent: countSchema,
  }),
})
export type Reconciliation = z.infer<typeof reconciliationSchema>

export const settlementSchema = z.object({
  /** As `attempts 12`. */
  call: z.string(),
  fromUsd: usdSchema,
  toUsd: usdSchema,
  basis: z.enum(['row', 'share', 'absent']),
  settledAt: z.iso.datetime(),
  settledBy: z.string(),
})
export type Settlement = z.infer<typeof settlementSchema>

export const reconciliationAnswerSchema = reconciliationSchema.extend({
  /** What it has settled, the first 1,000. */
  settlements: z.array(settlementSchema),
})

export const reconciliationListSchema = z.object({
  reconciliations: z.array(
    reconciliationSchema.pick({
      id: true,
      createdAt: true,
      createdBy: true,
      billName: true,
      isExplained: true,
      provider: true,
      from: true,
      through: true,
      bill: true,
      explained: true,
    }),
  ),
})
export type ReconciliationList = z.infer<typeof reconciliationListSchema>

/** `time=day,cost=usd` */
const columnsSchema = textSchema
  .max(2_000)
  .regex(/^[a-zA-Z]+=[^,=]+(,[a-zA-Z]+=[^,=]+)*$/, 'must be pairs as time=day,cost=usd')

/** The query of an upload. */
export const reconcileQuerySchema = z.object({
  name: textSchema.trim().min(1).max(200).default('bill.csv'),
  columns: columnsSchema.optional(),
  zone: textSchema.max(64).optional(),
  provider: z.enum(['gemini', 'openai']).optional(),
  project: textSchema.max(200).optional(),
  from: daySchema.optional(),
  through: daySchema.optional(),
  settle: z.stringbool().default(false),
})
