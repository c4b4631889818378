import { z } from 'zod'
import { ownerIdSchema } from './text.ts'

/** Amounts are kept to the billionth, and set to the millionth. */
const MAX_USD = 1_000_000_000

const usdSchema = z
  .number()
  .min(0, 'must be 0 or more')
  .max(MAX_USD)
  .refine((usd) => Number.isInteger(Math.round(usd * 1e9) / 1e3), {
    error: 'must have 6 decimals at most',
  })

const NAMED = ['prefix', 'owner', 'key'] as const

/** `all`, or `owner:`, `key:` or `prefix:` with a name after it. */
export const scopeSchema = z
  .string()
  .refine(isScope, {
    error: 'must be "all", or "owner:", "key:" or "prefix:" and a name of 1 to 255 characters',
  })
  .transform((scope) => scope as SpendingScope)

export type SpendingScope = 'all' | `${(typeof NAMED)[number]}:${string}`

function isScope(text: string): boolean {
  if (text === 'all') return true
  const [kind = '', ...rest] = text.split(':')
  return (
    (NAMED as readonly string[]).includes(kind) && ownerIdSchema.safeParse(rest.join(':')).success
  )
}

/** What `PUT /api/budgets/{scope}` takes: at least one of them. What is absent is left to the settings. */
export const budgetInputSchema = z
  .strictObject({ dailyUsd: usdSchema.optional(), monthlyUsd: usdSchema.optional() })
  .refine(({ dailyUsd, monthlyUsd }) => dailyUsd !== undefined || monthlyUsd !== undefined, {
    error: 'must have dailyUsd, monthlyUsd or both',
  })

export const budgetSchema = z.object({
  scope: z.string(),
  dailyUsd: z.number().nullable(),
  monthlyUsd: z.number().nullable(),
  updatedAt: z.iso.datetime(),
})
export type BudgetAnswer = z.infer<typeof budgetSchema>

export const budgetsSchema = z.object({ budgets: z.array(budgetSchema) })

const sumSchema = z.object({
  scope: z.string(),
  period: z.enum(['day', 'month']),
  /** The UTC day that it began with. */
  startsOn: z.iso.date(),
  resetsAt: z.iso.datetime(),
  /** What no call may pass; null where nothing limits it. */
  limitUsd: z.number().nullable(),
  /** What calls that have ended have cost, or may have. */
  spentUsd: z.number(),
  /** What calls that are out may cost. */
  heldUsd: z.number(),
})
export type SpendingSum = z.infer<typeof sumSchema>

export const spendingSwitchSchema = z.object({
  isPaused: z.boolean(),
  pausedAt: z.iso.datetime().nullable(),
})
export type SpendingSwitch = z.infer<typeof spendingSwitchSchema>

/** What `GET /api/spending` answers. */
export const spendingSchema = spendingSwitchSchema.extend({
  asOf: z.iso.datetime(),
  /** From which share of a limit on is warned of it. */
  warnPercent: z.number(),
  sums: z.array(sumSchema),
})
export type Spending = z.infer<typeof spendingSchema>
