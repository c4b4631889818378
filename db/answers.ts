import { type RawBuilder, sql } from 'kysely'

/**
 * SQL that is true of an event which is an answer that cost nothing: one that the server gave, or one that a browser says it had itself.
 * As the index `generation_events_answers` has it, so that Postgres sees that they are the same.
 */
export const isAnswerText =
  "type = 'generation_skipped' and (client_event_id is null or data->>'source' = 'client')"

export const isAnswer: RawBuilder<boolean> = sql.raw(`(${isAnswerText})`)

/**
 * SQL that is true of an event by which a generation was asked for, and begun or begun again. What a worker gives back is queued
 * without having been asked for: that event has the key `errorCode`.
 */
export const isBegun: RawBuilder<boolean> = sql.raw(
  "(sequence is not null and type = 'generation.queued' and data->'errorCode' is null)",
)
