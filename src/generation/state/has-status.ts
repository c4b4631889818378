import { type RawBuilder, sql } from 'kysely'
import type { GenerationStatus } from '../../contract/vocabulary.ts'

/**
 * SQL for a row's status where the row is found by its id. Said plainly, Postgres would also consider the indexes that hold rows of that
 * status alone, and read all of them: it takes them for as small as when it last looked, which may be before ten thousand came.
 */
export const hasStatus = (...statuses: readonly GenerationStatus[]): RawBuilder<boolean> =>
  sql<boolean>`case when status in (${sql.join(statuses.map((status) => sql.lit(status)))}) then true else false end`
