import {
  type AliasedRawBuilder,
  type QueryCreator,
  sql,
  type UpdateQueryBuilder,
  type UpdateResult,
} from 'kysely'
import type { Database } from '../../../db/database.ts'
import { nudge } from '../../../db/nudges.ts'
import type { GenerationRow, Schema } from '../../../db/schema.ts'
import type { GenerationEventType } from '../../contract/generation.ts'
import type { TelemetryType } from '../../contract/telemetry.ts'
import type { Lane } from '../../contract/vocabulary.ts'
import type { AppError } from '../../lib/errors.ts'
import type { NanoUsd } from '../../lib/money.ts'
import { WEBHOOKS_DUE } from './channel.ts'
import { hasStatus } from './has-status.ts'
import { endedData } from './telemetry.ts'
import { deliveriesByEnd, hasDeliveries } from './webhook-deliveries.ts'

/** An update of `generations`, to be run with what belongs to it. */
export type Update = UpdateQueryBuilder<Schema, 'generations', 'generations', UpdateResult>

export type ChangedRow = GenerationRow & {
  /** When it was changed, by the clock that its times are of. */
  asOf: Date
  /** What the image that a generation ended with cost when it was made. */
  imageCostNanoUsd?: NanoUsd | null
}

/** The changed row; undefined when the condition of the update did not hold. */
export type Changed = Promise<ChangedRow | undefined>

type Besides = {
  /** What is recorded of the end, where it is one. */
  telemetry?: TelemetryType
  /** What is to be known of each changed row, named `changed`. */
  alsoSelect?: readonly AliasedRawBuilder<unknown, string>[]
}

/**
 * One statement that changes generations and writes an event for each; once that is committed, those who follow them are nudged. The
 * end of a generation is also queued for delivery to webhook endpoints.
 */
export const applyTransition = async (...change: Parameters<typeof applyTransitions>): Changed =>
  (await applyTransitions(...change))[0]

/** The same, for an update that may change several rows. */
export const applyTransitions = async (
  db: Database,
  type: GenerationEventType,
  update: (query: QueryCreator<Schema>) => Update,
  { telemetry, alsoSelect }: Besides = {},
): Promise<ChangedRow[]> => {
  const changed = db
    .with('changed', (query) =>
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
            .selectFrom('changed')
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
              .selectFrom('changed')
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
  const deliveries = deliveriesByEnd.get(type)
  if (!deliveries) {
    const selected = changed.selectFrom('changed').selectAll().select(asOf)
    return tellOf(db, await (alsoSelect ? selected.select(alsoSelect) : selected).execute())
  }
  const ended = await changed
    .with('delivery', () => deliveries)
    .selectFrom('changed')
    .selectAll()
    .select([asOf, hasDeliveries.as('hasDeliveries'), imageCost.as('imageCostNanoUsd')])
    .execute()
  return tellOf(db, ended, ended[0]?.hasDeliveries ? [WEBHOOKS_DUE] : [])
}

const tellOf = async (
  db: Database,
  rows: ChangedRow[],
  words: readonly string[] = [],
): Promise<ChangedRow[]> => {
  await nudge(db, [...rows.map(({ id }) => id), ...words])
  return rows
}

const asOf = sql<Date>`now()`.as('asOf')

const imageCost = sql<NanoUsd | null>`(
  select maker.cost_nano_usd from generations as maker
  where maker.id = changed.image_id and maker.upstream_account is null)`

/** SQL for a time, reckoned on Postgres's clock. */
export const fromNow = (delayMs: number) => sql<Date>`now() + ${delayMs} * interval '1 millisecond'`

/** What holds of each generation that has ended. */
export const finished = {
  finishedAt: sql<Date>`clock_timestamp()`,
  leaseExpiresAt: null,
  workerId: null,
  runAfter: null,
  deadlineAt: null,
}

export const noError = { errorCode: null, errorMessage: null, errorRetryable: null }

export const describeError = (error: AppError) => ({
  errorCode: error.code,
  errorMessage: error.message,
  errorRetryable: error.retryable,
})

/** SQL for when a generation ends at the latest that is given a deadline now. */
export const newDeadline = (giveUpMs: Record<Lane, number>) => sql<Date>`now()
  + case lane when 'eager' then ${giveUpMs.eager}::int else ${giveUpMs.interactive}::int end
    * interval '1 millisecond'`

/** The update of a row that is running under this claim, and of no other. */
export const fenced = (
  query: QueryCreator<Schema>,
  claim: Pick<GenerationRow, 'id' | 'fence'>,
): Update =>
  query
    .updateTable('generations')
    .where('id', '=', claim.id)
    .where('fence', '=', claim.fence)
    .where(hasStatus('running'))
