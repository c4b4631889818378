import { sql, type Transaction } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { AlertEventRow, AlertRow, Schema } from '../../../db/schema.ts'
import { alertNameSchema } from '../../contract/vocabulary.ts'
import type { PagePosition } from '../../generation/state/repository.ts'

/**
 * Takes on the evaluation of the interval that has begun, for one process of all; undefined when another has it. A
 * process that dies with a claim costs one evaluation: any may claim the next interval.
 */
export const claimEvaluation = async (
  db: Database,
  intervalMs: number,
): Promise<string | undefined> => {
  const { rows } = await sql<{ claims: string }>`
    update alert_evaluation set claims = claims + 1, claimed_for = begun.at
    from (
      select to_timestamp(floor(extract(epoch from now()) * 1000 / ${intervalMs}::float8) * ${intervalMs}::float8 / 1000)
        as at
    ) as begun
    where claimed_for < begun.at::timestamptz(3)
    returning claims`.execute(db)
  return rows[0]?.claims
}

/** The time of an evaluation, locked until the transaction ends; undefined when the claim is no longer the newest. */
export const lockEvaluation = async (
  tx: Transaction<Schema>,
  claim: string,
): Promise<Date | undefined> => {
  const row = await tx
    .updateTable('alertEvaluation')
    .set({ evaluatedAt: sql<Date>`now()` })
    .where('claims', '=', claim)
    .returning('evaluatedAt')
    .executeTakeFirst()
  return row?.evaluatedAt ?? undefined
}

/** How the alerts stand that have been evaluated, and when that was; in one statement, as it may be Postgres that fails. */
export const findAlerts = async (
  db: Database,
): Promise<{ evaluatedAt: Date | null; rows: AlertRow[] }> => {
  const found = await db
    .selectFrom('alertEvaluation')
    .leftJoin('alerts', (join) => join.onTrue())
    .selectAll('alerts')
    .select('evaluatedAt')
    .execute()
  const rows = found.flatMap(({ evaluatedAt: _, ...row }) => (row.name === null ? [] : [row]))
  return { evaluatedAt: found[0]?.evaluatedAt ?? null, rows: rows as AlertRow[] }
}

export const saveAlerts = async (tx: Transaction<Schema>, rows: AlertRow[]): Promise<void> => {
  await tx
    .insertInto('alerts')
    .values(rows)
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet(({ ref }) => ({
        state: ref('excluded.state'),
        streak: ref('excluded.streak'),
        value: ref('excluded.value'),
        threshold: ref('excluded.threshold'),
        sample: ref('excluded.sample'),
        since: ref('excluded.since'),
        firedAt: ref('excluded.firedAt'),
        resolvedAt: ref('excluded.resolvedAt'),
      })),
    )
    .execute()
}

export const insertAlertEvents = async (
  tx: Transaction<Schema>,
  events: Omit<AlertEventRow, 'id'>[],
): Promise<AlertEventRow[]> =>
  events.length === 0 ? [] : tx.insertInto('alertEvents').values(events).returningAll().execute()

/** The changes of all alerts, newest first. */
export const listAlertEvents = (
  db: Database,
  { before, limit }: { before: PagePosition | undefined; limit: number },
): Promise<AlertEventRow[]> => {
  let query = db
    .selectFrom('alertEvents')
    .selectAll()
    // Another release may know of others.
    .where('alert', 'in', alertNameSchema.options)
  if (before) query = query.where(sql<boolean>`(at, id) < (${before.at}, ${before.id})`)
  return query.orderBy('at', 'desc').orderBy('id', 'desc').limit(limit).execute()
}
