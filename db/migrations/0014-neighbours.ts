import { type Kysely, sql } from 'kysely'

/** Codes of a scope from the index alone: in the table they lie among everybody else's, each on a page of its own (ADR 32). */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  'drop index prompt_embeddings_scope',
  'create index prompt_embeddings_scope on prompt_embeddings (owner_id, scope, model, fingerprint) include (code)',
  // Only what has been vacuumed is read from an index alone.
  'alter table prompt_embeddings set (autovacuum_vacuum_insert_scale_factor = 0.02)',
]
