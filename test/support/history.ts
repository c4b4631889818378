import { sql } from 'kysely'
import type { Database } from '../../db/database.ts'
import { insertGeneration } from './rows.ts'

type Event = {
  ownerId?: string
  type: string
  at: string
  data?: object
  clientEventId?: string
}

/** An event as it was written then. */
export const insertEvent = (db: Database, event: Event): Promise<void> => insertEvents(db, [event])

export const insertEvents = async (db: Database, events: Event[]): Promise<void> => {
  await sql`
    insert into generation_events (owner_id, type, data, created_at, client_event_id)
    select coalesce("ownerId", 'alice'), type, coalesce(data, '{}'), at, "clientEventId"
    from json_to_recordset(${JSON.stringify(events)}::json)
      as event("ownerId" text, type text, data jsonb, at timestamptz, "clientEventId" text)`.execute(
    db,
  )
}

type Call = {
  generationId: string
  model?: string
  at: string
  /** What was set aside for it; nothing by a release that knew no such thing. */
  heldUsd?: number | undefined
  end?: End | undefined
}

type End = { outcome: string; mayHaveCharged: boolean; costUsd: number; isEstimate?: boolean }

/** Calls as they stand in `attempts`, under way without an `end`. Returns their ids. */
export const insertCalls = async (db: Database, calls: Call[]): Promise<string[]> => {
  const { rows } = await sql<{ id: string }>`
    insert into attempts (generation_id, fence, worker_id, provider, model, started_at, finished_at, outcome,
      may_have_charged, cost_usd)
    select "generationId", 1, 'w', 'gemini', coalesce(model, 'm'), at, case when "end" is not null then at end,
      "end"->>'outcome', coalesce(("end"->>'mayHaveCharged')::boolean, true), coalesce(("end"->>'costUsd')::float8, 0)
    from json_to_recordset(${JSON.stringify(calls)}::json)
      as call("generationId" text, model text, at timestamptz, "end" jsonb)
    returning id`.execute(db)
  const ids = rows.map(({ id }) => id)
  for (const [n, { heldUsd, end }] of calls.entries()) {
    if (heldUsd === undefined) continue
    const known = { costUsd: end?.costUsd ?? heldUsd, isEstimate: end?.isEstimate ?? !end }
    const held = { heldUsd, ...known }
    await db
      .updateTable('attempts')
      .set(held)
      .where('id', '=', ids[n] ?? '')
      .execute()
  }
  return ids
}

/** Two months' ends and a year's: the days that are easily mixed up. */
export const HISTORY = { from: '2025-12-30', to: '2026-04-01' }
/** The days that have events, and those beside them. */
export const isLively = (day: string): boolean =>
  DAYS.some((lively) => Math.abs(Date.parse(lively) - Date.parse(day)) <= 24 * 3_600_000)

const DAYS = ['2025-12-31', '2026-01-01', '2026-02-28', '2026-03-01', '2026-03-29', '2026-03-31']
const TIMES = ['00:00:00.000', '00:00:00.004', '09:30:00.250', '15:00:00.000', '23:59:59.999']
const OWNERS = ['alice', 'bob', 'carol']
const ENDS = [
  { outcome: 'image', mayHaveCharged: true, costUsd: 0.0336 },
  { outcome: 'image', mayHaveCharged: true, costUsd: 0.13405 },
  { outcome: 'no_image', mayHaveCharged: true, costUsd: 0.00000123 },
  { outcome: 'overloaded', mayHaveCharged: false, costUsd: 0 },
  { outcome: 'timeout', mayHaveCharged: true, costUsd: 0.05, isEstimate: true },
  undefined,
]
const HELD_USD = 0.05

/** Events and calls of every kind, at the beginnings and ends of days. */
export const insertHistory = async (db: Database, { isHeld = true } = {}): Promise<void> => {
  const events: Event[] = []
  const calls: Call[] = []
  for (const ownerId of OWNERS) {
    await sql`insert into users (id) values (${ownerId}) on conflict do nothing`.execute(db)
    const { id: generationId } = await insertGeneration(db, { ownerId })
    for (const at of DAYS.flatMap((day) => TIMES.map((time) => `${day}T${time}Z`))) {
      const n = calls.length + 1
      // Another part of the kinds each time, so that no two sums are alike.
      const some = kinds(n).filter((_, kind) => (n * 7 + kind * 5) % 11 < 6)
      events.push(...some.map((event) => ({ ...event, ownerId, at })))
      const heldUsd = isHeld ? HELD_USD : undefined
      calls.push({ generationId, at, model: `m${n % 3}`, heldUsd, end: ENDS[n % ENDS.length] })
    }
  }
  await insertEvents(db, events)
  await insertCalls(db, calls)
}

const kinds = (n: number): Omit<Event, 'at'>[] => [
  { type: 'generation_started' },
  { type: 'generation_completed', data: { durationMs: 40 + (n % 7) ** 6, costUsd: 1 } },
  { type: 'generation_completed', data: { durationMs: n % 3, costUsd: 1 } },
  { type: 'generation_completed', data: { durationMs: 5, source: 'exact', savedUsd: 0.02 } },
  { type: 'generation_completed', data: { durationMs: 90_000, source: 'similar' } },
  { type: 'generation_failed', data: { durationMs: 700_000, costUsd: 1, errorCode: 'timeout' } },
  { type: 'generation_skipped', data: { source: 'exact', savedUsd: 0.0336 } },
  { type: 'generation_skipped', data: { source: 'joined', savedUsd: 1.5e-7 } },
  { type: 'generation_skipped', data: { source: 'similar', savedUsd: 0.1 + 0.2 } },
  { type: 'generation.canceled', data: { errorCode: 'canceled' } },
  { type: 'generation.canceled', data: { errorCode: 'superseded' } },
  { type: 'generation.canceled', data: { errorCode: 'image_deleted' } },
  { type: 'generation.succeeded', data: { errorCode: null } },
  {
    type: 'generation_skipped',
    data: { origin: 'client', source: 'client' },
    clientEventId: `a${n}`,
  },
  {
    type: 'generation_skipped',
    data: { origin: 'client', source: 'exact' },
    clientEventId: `b${n}`,
  },
  { type: 'generation_started', data: { origin: 'client' }, clientEventId: `c${n}` },
  {
    type: 'generation_completed',
    data: { origin: 'client', durationMs: 12.5, costUsd: 9 },
    clientEventId: `d${n}`,
  },
]
