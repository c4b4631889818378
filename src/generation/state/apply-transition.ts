import { type QueryCreator, sql, type UpdateQueryBuilder, type UpdateResult } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { GenerationRow, Schema } from '../../../db/schema.ts'
import type { GenerationEventType } from '../../contract/generation.ts'
import type { TelemetryType } from '../../contract/telemetry.ts'
import { GENERATION_CHANNEL } from './channel.ts'
import { endedData } from './telemetry.ts'
import { insertDeliveries, isEnd, wakeDeliverers } from './webhook-deliveries.ts'

/** An update of `generations`, to be run with what belongs to it. */
export type Update = UpdateQueryBuilder<Schema, 'generations', 'generations', UpdateResult>

export type MovedRow = GenerationRow & {
  /** What the image that a generation ended with cost when it was made. */
  imageCostUsd?: number | null
}

/** The changed row; undefined when the condition of the update did not hold. */
export type Moved = Promise<MovedRow | undefined>

/**
 * One statement that changes generations, writes an event for each and nudges its listeners; with `telemetry` it also
 * records the end. What ends a generation is there for delivery to webhook endpoints.
 */
export const move = async (...change: Parameters<typeof moveAll>): Moved =>
  (await moveAll(...change))[0]

/** The same for whoever wants to know of every changed row. */
export const moveAll = (
  db: Database,
  type: GenerationEventType,
  update: (query: QueryCreator<Schema>) => Update,
  telemetry?: TelemetryType,
): Promise<MovedRow[]> => {
  const changed = db
    .with('moved', (query) =>
      update(query)
        .set((eb) => ({ eventSequence: eb('eventSequence', '+', 1) }))
        .returningAll(),
    )
    .with('event', (query) =>
      query
        .insertInto('generationEvents')
        .columns(['ownerId', 'generationId', 'sequence', 'type', 'data'])
        .expression((eb) => {
          const event = eb
            .selectFrom('moved')
            .select([
              'ownerId',
              'id',
              sql<number | null>`event_sequence`.as('sequence'),
              sql.lit<string>(type).as('type'),
              sql<string>`jsonb_build_object('errorCode', error_code)`.as('data'),
            ])
          if (!telemetry) return event
          return event.unionAll(
            eb
              .selectFrom('moved')
              .select([
                'ownerId',
                'id',
                sql<number | null>`null::integer`.as('sequence'),
                sql.lit<string>(telemetry).as('type'),
                endedData.as('data'),
              ]),
          )
        }),
    )
  const nudged = sql`pg_notify(${GENERATION_CHANNEL}, id)`.as('nudged')
  if (!isEnd(type)) return changed.selectFrom('moved').selectAll().select(nudged).execute()
  return changed
    .with('delivery', () => insertDeliveries(sql.lit(type)))
    .selectFrom('moved')
    .selectAll()
    .select([nudged, wakeDeliverers.as('woken'), imageCost.as('imageCostUsd')])
    .execute()
}

const imageCost = sql<number | null>`(
  select maker.cost_usd from generations as maker where maker.id = moved.image_id)`
