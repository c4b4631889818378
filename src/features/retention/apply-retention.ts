import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import {
  type IsUncounted,
  type KeptDays,
  type Kind,
  type RetentionStatement,
  statementsFor,
} from './statements.ts'
import { listUnusedImages } from './unused-images.ts'

export type RetentionDeps = {
  db: Database
  keptDays: KeptDays
  isUncounted: IsUncounted
  /** Deletes an image as its owner would. */
  deleteImage: (ownerId: string, id: string) => Promise<void>
}

export type RetentionReport = Partial<Record<keyof KeptDays, number>>

const BATCH_ROWS = 500

/**
 * Does away with what is older than it is to be kept, or counts it alone where not `isApplied`. Nothing of a kind without days. Safe to
 * repeat, and from two workers at once. Throws when Postgres or the store does not answer.
 */
export const applyRetention = async (
  deps: RetentionDeps,
  { isApplied, signal }: { isApplied: boolean; signal?: AbortSignal },
): Promise<RetentionReport> => {
  const { db, keptDays } = deps
  const report: RetentionReport = {}
  const statements = statementsFor(deps.isUncounted)
  // Failed ones before their prompts, and calls after them: the fewer there are to go, the better.
  for (const kind of [
    'comparisons',
    'failed',
    'prompts',
    'calls',
    'events',
    'history',
  ] as const satisfies Kind[]) {
    const days = keptDays[kind]
    if (days === undefined) continue
    let count = 0
    for (const statement of statements[kind](days)) {
      count += isApplied ? await removeAll(db, statement, signal) : await countDue(db, statement)
    }
    report[kind] = count
  }
  const days = keptDays.unusedImages
  if (days !== undefined) report.unusedImages = await removeUnused(deps, days, isApplied, signal)
  return report
}

const removeAll = async (
  db: Database,
  { due, remove }: RetentionStatement,
  signal?: AbortSignal,
): Promise<number> => {
  let removed = 0
  for (;;) {
    signal?.throwIfAborted()
    const { rows } = await sql<{ count: number }>`
      with due as materialized (${due} limit ${BATCH_ROWS} for update skip locked), ${remove}
      select count(*)::int as count from due`.execute(db)
    const count = rows[0]?.count ?? 0
    removed += count
    if (count < BATCH_ROWS) return removed
  }
}

const countDue = async (db: Database, { due }: RetentionStatement): Promise<number> => {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from (${due}) as due`.execute(db)
  return rows[0]?.count ?? 0
}

const removeUnused = async (
  { db, deleteImage }: RetentionDeps,
  days: number,
  isApplied: boolean,
  signal?: AbortSignal,
): Promise<number> => {
  let count = 0
  let after = ''
  for (;;) {
    const page = await listUnusedImages(db, days, after)
    for (const { id, userId } of page) {
      signal?.throwIfAborted()
      if (isApplied) await deleteImage(userId, id)
      after = id
    }
    count += page.length
    if (page.length === 0) return count
  }
}
