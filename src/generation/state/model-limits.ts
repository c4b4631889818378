import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { GenerationRow } from '../../../db/schema.ts'

/** A model, as an account calls it. */
export type LimitedModel = Pick<GenerationRow, 'provider' | 'model'> & { account: string }

/** The model answers after all. */
export const liftLimit = async (
  db: Database,
  { provider, account, model }: LimitedModel,
): Promise<void> => {
  await db
    .deleteFrom('modelLimits')
    .where('provider', '=', provider)
    .where('account', '=', account)
    .where('model', '=', model)
    .execute()
}

/**
 * Writes down that a model takes no calls of an account for so long, for the workers of all machines: a claim tells them
 * (`ClaimedRow`). It holds no other model's generations.
 */
export const limitModel = async (
  db: Database,
  { provider, account, model }: LimitedModel,
  limitMs: number,
): Promise<void> => {
  const limitedUntil = sql<Date>`now() + ${limitMs}::float8 * interval '1 millisecond'`
  await db
    .insertInto('modelLimits')
    .values({ provider, account, model, limitedUntil })
    .onConflict((conflict) =>
      conflict.columns(['provider', 'account', 'model']).doUpdateSet({
        limitedAt: sql<Date>`now()`,
        limitedUntil: sql<Date>`excluded.limited_until`,
      }),
    )
    .execute()
}
