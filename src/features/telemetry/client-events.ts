import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { TelemetryEvent, TelemetryReceipt } from '../../contract/telemetry.ts'
import type { TelemetryLog } from './telemetry-log.ts'

/** Keeps what a browser reports, each event once. Throws `rate_limited`. */
export type RecordClientEvents = (
  ownerId: string,
  events: readonly TelemetryEvent[],
) => Promise<TelemetryReceipt>

/**
 * Records what an owner's browser reports, each event once. It is a claim, marked with `origin: 'client'`, and names a
 * generation only if it is one of the owner's; it carries no money. The result throws `rate_limited`.
 */
export const createClientEventLog = (
  db: Database,
  log: TelemetryLog | undefined,
  /** Counts an owner's events; throws `rate_limited`. */
  takeEvents: (ownerId: string, count: number) => void,
): RecordClientEvents => {
  return async (ownerId, events) => {
    takeEvents(ownerId, events.length)
    const accepted = await insertNew(db, ownerId, events)
    for (const { type, generationId, source, durationMs } of events) {
      log?.({ type, generationId, origin: 'client', source, durationMs })
    }
    return { accepted, duplicates: events.length - accepted }
  }
}

const insertNew = async (
  db: Database,
  ownerId: string,
  events: readonly TelemetryEvent[],
): Promise<number> => {
  const rows = events.map(({ id, type, generationId, ...seen }) => ({
    clientEventId: id,
    type,
    generationId,
    data: { origin: 'client', ...seen },
  }))
  const { numAffectedRows = 0n } = await sql`
    with owner as (
      insert into users (id) values (${ownerId}) on conflict do nothing
    )
    insert into generation_events (owner_id, generation_id, type, data, client_event_id)
    select ${ownerId}, generations.id, sent.type, sent.data, sent."clientEventId"
    from json_to_recordset(${JSON.stringify(rows)}::json)
      as sent("clientEventId" text, type text, "generationId" text, data jsonb)
    left join generations on generations.id = sent."generationId" and generations.owner_id = ${ownerId}
    on conflict (owner_id, client_event_id) where client_event_id is not null do nothing`.execute(
    db,
  )
  return Number(numAffectedRows)
}
