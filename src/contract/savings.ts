import { z } from 'zod'

const countSchema = z.int().min(0)
const usdSchema = z.number()
const daySchema = z.iso.date('must be a day, as 2026-11-22')

const countedSchema = z.object({ count: countSchema, usd: usdSchema })

/** What was bought, and what was not. Money is of the day on which it was saved. */
const amounts = {
  /** Calls, those of them that may have been charged, and what they cost. */
  calls: countSchema,
  paidCalls: countSchema,
  spendUsd: usdSchema,
  /** Answered without a call, by source: `usd` is what the picture had cost, or costs by the list. */
  reused: z.object({ exact: countedSchema, joined: countedSchema, similar: countedSchema }),
  /** Calls at another price than the standard one: what they cost, and what they cost less. */
  halfPrice: z.object({ calls: countSchema, spendUsd: usdSchema, savedUsd: usdSchema }),
  /** `reused` and `halfPrice` together. */
  savedUsd: usdSchema,
  /** `spendUsd` and `savedUsd`: what all of it would have cost. */
  withoutUsd: usdSchema,
  /** Asked for anew and not bought, as a limit was reached: neither spent nor saved. */
  refused: countedSchema,
  /** What browsers say that their own guard kept back: their claim, and no money. */
  clientSkipped: countSchema,
}

export const savingsSchema = z.object({
  from: daySchema,
  to: daySchema,
  asOf: z.iso.datetime(),
  /** Whose they are; null for all owners together. */
  owner: z.string().nullable(),
  ...amounts,
  /** How much of `spendUsd` nobody has told the price of. */
  estimatedUsd: usdSchema,
  /** By the model that was called, or would have been, the dearest first. */
  models: z.array(z.object({ model: z.string(), ...amounts })),
  /** How these figures come about. */
  method: z.array(z.string()),
})
export type Savings = z.infer<typeof savingsSchema>
export type SavingsAmounts = Omit<Savings['models'][number], 'model'>

export const statementSchema = savingsSchema.extend({
  month: z.string(),
  /** False while the month is not over. */
  isWhole: z.boolean(),
})
export type Statement = z.infer<typeof statementSchema>

/** `2026-11`. */
export const MONTH_PATTERN = /^\d{4}-(0[1-9]|1[0-2])$/
