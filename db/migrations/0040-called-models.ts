import type { Kysely } from 'kysely'
import { alterPatiently } from '../alter-patiently.ts'

/**
 * Which of a route's models is called for a generation (ADR 80). Columns that are null for everything of before, and of the release before,
 * which knows no routes: no table is rewritten.
 */
export const isOnline = true

export const up = (db: Kysely<unknown>): Promise<void> =>
  alterPatiently(
    db,
    `alter table generations
      add column if not exists called_provider text,
      add column if not exists called_model text`,
  )
