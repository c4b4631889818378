import { type CompiledQuery, sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { EventRow } from '../../../db/schema.ts'
import { compileOnce } from '../../../db/statements.ts'
import { type GenerationWithImage, selectGenerations } from '../state/repository.ts'

/** What somebody knows of a generation: the number of the last event that they have seen. */
export type Seen = { id: string; seen: number }

/** A generation that has changed, with the events since, oldest first; no row where there is no such generation any more. */
export type Change = { id: string; row: GenerationWithImage | undefined; events: LifeEvent[] }

export type LifeEvent = Pick<EventRow, 'type'> & { sequence: number }

/**
 * Those generations that are not as they were seen, in one statement, so that no event comes with an older state than its own. What has
 * not changed costs a look at its row's number. Throws `DatabaseAway`.
 */
export const findChanges = async (db: Database, known: readonly Seen[]): Promise<Change[]> => {
  const ids = known.map(({ id }) => id)
  const seen = known.map((each) => each.seen)
  const found = await selectChanges(db, ids, seen)
  return found.map(({ knownId, events, ...row }) => ({
    id: knownId,
    row: row.id === null ? undefined : (row as GenerationWithImage),
    events: events ?? [],
  }))
}

type FoundRow = { knownId: string; events: LifeEvent[] | null } & (
  | GenerationWithImage
  | { id: null }
)

const selectChanges = compileOnce<FoundRow, [string[], number[]]>(
  2,
  (db, ids, seen) =>
    selectGenerations(db)
      .rightJoin(
        sql<Seen>`unnest(${ids}::text[], ${seen}::integer[])`.as<'known'>(sql`known(id, seen)`),
        'known.id',
        'g.id',
      )
      .select([
        'known.id as knownId',
        sql<LifeEvent[] | null>`(
          select json_agg(json_build_object('sequence', sequence, 'type', type) order by sequence)
          from generation_events
          where generation_id = g.id and sequence > known.seen and sequence <= g.event_sequence)`.as(
          'events',
        ),
      ])
      .where(sql<boolean>`(g.id is null or g.event_sequence <> known.seen)`)
      .compile() as CompiledQuery<FoundRow>,
)
