import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { GenerationRow } from '../../../db/schema.ts'

/** There may be as many accounts as callers who bring keys of their own. */
const FORGOTTEN_AFTER = sql.raw("interval '1 day'")

/** A model, as an account calls it. */
export type LimitedModel = Pick<GenerationRow, 'provider' | 'model'> & { account: string }

/** SQL for the account by which the provider of `changed`, a generation, is called; null where there is no such provider. */
export const accountIn = (accounts: Record<string, string>) =>
  sql<string | null>`${JSON.stringify(accounts)}::jsonb ->> changed.provider`

/** Until when a model takes no calls, and when that was said. */
export type Limit = { limitedUntil: Date; limitedAt: Date }

/** SQL for a row of each model, in the order of `place`, with its limit at this moment. */
export const limitsOfModels = (models: readonly LimitedModel[]) => sql`
  jsonb_to_recordset(${JSON.stringify(models.map((model, place) => ({ ...model, place })))}::jsonb)
    as wanted(provider text, account text, model text, place int)
  left join model_limits as one on (one.provider, one.account, one.model)
    = (wanted.provider, wanted.account, wanted.model) and limited_until > now()`

/** The limits of several models at this moment, in their order; undefined of one that takes calls. */
export const findLimits = async (
  db: Database,
  models: readonly LimitedModel[],
): Promise<(Limit | undefined)[]> => {
  const { rows } = await sql<{ [Part in keyof Limit]: Date | null }>`
    select limited_until, limited_at from ${limitsOfModels(models)} order by place`.execute(db)
  return rows.map(({ limitedUntil, limitedAt }) =>
    limitedUntil && limitedAt ? { limitedUntil, limitedAt } : undefined,
  )
}

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
    .with('forgotten', (query) =>
      query.deleteFrom('modelLimits').where(
        sql<boolean>`ctid = any(array(
          select ctid from model_limits where limited_until < now() - ${FORGOTTEN_AFTER} for update skip locked))`,
      ),
    )
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
