import type { Kysely } from 'kysely'

/** How many of a generation's claims ended with their worker: an input that kills workers is not run for ever. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await db.schema
    .alterTable('generations')
    .addColumn('lostClaims', 'integer', (column) => column.notNull().defaultTo(0))
    .execute()
}
