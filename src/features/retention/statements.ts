import { type RawBuilder, sql } from 'kysely'
import { lastIdBefore } from '../../../db/last-id-before.ts'

/** How many days each kind is kept; undefined: for ever. */
export type KeptDays = Record<
  'events' | 'calls' | 'failed' | 'prompts' | 'comparisons' | 'unusedImages' | 'history',
  number | undefined
>

export type Kind = Exclude<keyof KeptDays, 'unusedImages'>

/** True of a row of `attempts` that analytics has not taken in as it is. */
export type IsUncounted = RawBuilder<boolean>

/**
 * What of each kind is to go, and how it goes. `due` names rows by `place` (their ctid), in an order that an index has where the
 * table is large; `remove` is the
 * list of expressions beside `due` that does away with those. Money stays: what analytics has not taken in is left for the next time.
 */
export type RetentionStatement = { due: RawBuilder<unknown>; remove: RawBuilder<unknown> }

const before = (days: number) => sql`now() - ${days}::int * interval '1 day'`

/** SQL: nobody's image is in the making any more for the generation of this id. */
const isOver = (id: RawBuilder<unknown>) => sql`not exists (
  select from generations as own where own.id = ${id} and own.status in ('queued', 'running'))`

const isCountedEvent = sql`generation_events.id <= (
  select least(analytics_progress.event_id, savings_progress.event_id) from analytics_progress, savings_progress)`

export const statementsFor = (
  isUncounted: IsUncounted,
): Record<Kind, (days: number) => readonly RetentionStatement[]> => ({
  events: (days) => [
    {
      due: sql`select ctid as place from generation_events
        where id <= ${lastIdBefore({ table: 'generation_events', time: 'created_at' }, before(days))}
          and created_at < ${before(days)} and ${isCountedEvent} and ${isOver(sql`generation_events.generation_id`)}
        order by id`,
      remove: sql`gone as (delete from generation_events where ctid = any(array(select place from due)))`,
    },
  ],
  calls: (days) => [
    {
      due: sql`select ctid as place from attempts
        where id <= ${lastIdBefore({ table: 'attempts', time: 'started_at' }, before(days))}
          and started_at < ${before(days)} and not (${isUncounted}) and ${isOver(sql`attempts.generation_id`)}
        order by id`,
      remove: sql`gone as (delete from attempts where ctid = any(array(select place from due)))`,
    },
    {
      due: sql`select ctid as place from gateway_calls
        where started_at < ${before(days)} and finished_at is not null and is_counted
        order by started_at`,
      remove: sql`gone as (delete from gateway_calls where ctid = any(array(select place from due)))`,
    },
  ],
  comparisons: (days) => [
    {
      due: sql`select ctid as place from similarity_checks where created_at < ${before(days)} order by created_at`,
      remove: sql`gone as (delete from similarity_checks where ctid = any(array(select place from due)))`,
    },
  ],
  failed: (days) => [
    {
      // Without its images: those are placeholders.
      due: sql`select ctid as place from generations
        where status in ('failed', 'canceled') and created_at < ${before(days)} and finished_at < ${before(days)}
          and not exists (select from saved_items where saved_items.generation_id = generations.id)
          and not exists (select from attempts where attempts.generation_id = generations.id and (${isUncounted}))
          and not exists (select from generation_events, analytics_progress
            where generation_events.id > event_id and generation_events.generation_id = generations.id)
        order by created_at`,
      remove: sql`gone as (
          delete from generations where ctid = any(array(select place from due)) returning id
        ), placeholders as (
          delete from image_metadata using gone where image_metadata.id = gone.id and image_type = 'placeholder'
        )`,
    },
  ],
  prompts: (days) => [
    {
      due: sql`select ctid as place from generations
        where not is_prompt_reduced and created_at < ${before(days)} and finished_at < ${before(days)}
          and status not in ('queued', 'running')
        order by created_at`,
      remove: sql`reduced as (
          update generations
          set is_prompt_reduced = true, prompt = 'sha256:' || encode(sha256(convert_to(prompt, 'UTF8')), 'hex'),
            details = details - '{negativePrompt,turns,providerRequest}'::text[]
          where ctid = any(array(select place from due)) returning id, fingerprint
        ), vectors as (
          delete from prompt_embeddings where fingerprint in (select fingerprint from reduced)
        ), titles as (
          update image_metadata set prompt = null, said = null, answer = null from reduced where image_metadata.id = reduced.id
        )`,
    },
  ],
  history: (days) =>
    (
      [
        'daily_figures',
        'daily_models',
        'daily_savings',
        'daily_durations',
        'monthly_figures',
      ] as const
    ).map((table) => {
      const firstKept = sql`(now() at time zone 'UTC')::date - ${days}::int`
      const isOld =
        table === 'monthly_figures'
          ? sql`month < (${firstKept} - interval '1 month')::date`
          : sql`day < ${firstKept}`
      return {
        // Everyone's sums are kept.
        due: sql`select ctid as place from ${sql.table(table)} where owner_id <> '' and ${isOld}`,
        remove: sql`gone as (delete from ${sql.table(table)} where ctid = any(array(select place from due)))`,
      }
    }),
})
