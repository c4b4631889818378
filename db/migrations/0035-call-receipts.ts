import type { Kysely } from 'kysely'
import { alterPatiently } from '../alter-patiently.ts'

/**
 * What a provider said of a call that it answered, and how its cost was found (ADR 75). Columns that are null for calls of before
 * and of the release before, which writes none of them: no table is rewritten.
 */
export const isOnline = true

export const up = (db: Kysely<unknown>): Promise<void> =>
  alterPatiently(
    db,
    `alter table attempts
      add column if not exists usage jsonb,
      add column if not exists response_id text,
      add column if not exists price_version text,
      add column if not exists cost_basis text`,
  )
