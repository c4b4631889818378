import type { Kysely } from 'kysely'
import { alterPatiently } from '../alter-patiently.ts'
import { dropIndex, replaceIndex } from '../replace-index.ts'

/**
 * Fewer and smaller indexes, and room on each page for the rows that change there (ADR 59). Every index that the release before looks
 * something up by has another that serves it too. Nobody is held up: a million generations take about ten seconds.
 */
export const isOnline = true

export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const index of indexes) await replaceIndex(db, index)
  // An object's key names its row.
  await dropIndex(db, 'image_metadata_object_key')
  for (const statement of alterations) await alterPatiently(db, statement)
}

/*
 * Rows of one moment are sorted as they are read, so a time needs no id behind it. No state is in an index that holds all rows, and
 * nothing that a lease changes in any.
 */
const indexes = [
  {
    name: 'generations_asked',
    on: 'generations using hash (fingerprint)',
    replaces: ['generations_fingerprint'],
  },
  {
    name: 'generations_owner_newest',
    on: 'generations (owner_id, created_at desc)',
    replaces: ['generations_owner'],
  },
  {
    name: 'generations_newest',
    on: 'generations (created_at desc)',
    replaces: ['generations_created'],
  },
  {
    name: 'generations_badly_newest',
    on: `generations (created_at desc) where status in ('failed', 'canceled')`,
    replaces: ['generations_ended_badly'],
  },
  {
    name: 'generations_running',
    on: `generations (queued_at) where status = 'running'`,
    replaces: ['generations_leases'],
  },
  {
    // Events lie in the order of their time, so it is enough to know from when to when those of some pages are.
    name: 'generation_events_time',
    on: 'generation_events using brin (created_at) with (pages_per_range = 64, autosummarize = on)',
    replaces: ['generation_events_created'],
  },
  {
    name: 'image_metadata_newest',
    on: 'image_metadata (user_id, generated_at desc)',
    replaces: ['image_metadata_user_id'],
  },
  {
    name: 'image_metadata_type_newest',
    on: 'image_metadata (user_id, image_type, generated_at desc)',
    replaces: ['image_metadata_user_id_type'],
  },
  // Two that were read whole.
  { name: 'deleted_objects_oldest', on: 'deleted_objects (deleted_at)', replaces: [] },
  { name: 'webhook_endpoints_newest', on: 'webhook_endpoints (created_at desc)', replaces: [] },
]

/** A fifth of a table is too much to wait for when it has ten million rows. */
const vacuumOften = `autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05,
  autovacuum_analyze_scale_factor = 0.02`

const alterations = [
  'alter table generations drop constraint if exists generations_object_key_key',
  `alter table generations set (fillfactor = 80, ${vacuumOften})`,
  `alter table attempts set (fillfactor = 80, ${vacuumOften})`,
  `alter table image_metadata set (${vacuumOften})`,
  `alter table generation_events set (${vacuumOften})`,
]
