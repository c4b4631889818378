import { type Kysely, sql } from 'kysely'

/** The id that a browser gave an event of its own, so that one sent twice is counted once; null for the server's. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await db.schema.alterTable('generationEvents').addColumn('clientEventId', 'text').execute()
  await sql`create unique index generation_events_client on generation_events (owner_id, client_event_id)
    where client_event_id is not null`.execute(db)
}
