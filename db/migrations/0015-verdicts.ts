import { type Kysely, sql } from 'kysely'

/**
 * Ways to what was found and to what was said of it, of one owner and of all: matches are few among comparisons, and
 * verdicts few among matches. What is counted of all comparisons is read from the indexes alone (ADR 33).
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const newest = 'created_at desc, generation_id desc'
const counted = 'include (duration_ms, is_match, mode, embedding_cost_usd)'

const statements = [
  'drop index similarity_checks_owner, similarity_checks_created',
  `create index similarity_checks_owner on similarity_checks (owner_id, created_at) ${counted}`,
  `create index similarity_checks_created on similarity_checks (created_at) ${counted}`,
  // Only what has been vacuumed is read from an index alone.
  'alter table similarity_checks set (autovacuum_vacuum_insert_scale_factor = 0.02)',
  `create index similarity_checks_found on similarity_checks (${newest}) where is_match`,
  `create index similarity_checks_owner_found on similarity_checks (owner_id, ${newest}) where is_match`,
  `create index similarity_checks_judged on similarity_checks (${newest}) where accepted is not null`,
  `create index similarity_checks_owner_judged on similarity_checks (owner_id, ${newest})
    where accepted is not null`,
  // Those that decide whether reuse falls back.
  `create index similarity_checks_reuse_judged on similarity_checks (owner_id, judged_at desc)
    where accepted is not null and mode = 'reuse'`,
]
