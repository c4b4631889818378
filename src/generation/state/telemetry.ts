import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Reuse } from '../../contract/generation.ts'
import { inUsd } from './in-usd.ts'

/** 64 bits: enough to tell an owner's prompts apart, and nothing to read. */
const PROMPT_DIGEST_HEX_DIGITS = 16

/** SHA-256 of a prompt as it was written, shortened: what telemetry knows of it. */
export const digestPrompt = (prompt: string): string =>
  createHash('sha256').update(prompt).digest('hex').slice(0, PROMPT_DIGEST_HEX_DIGITS)

/** A reuse as logs and telemetry have it. */
export type LoggedReuse = Omit<Reuse, 'prompt'>

export const withoutPrompt = ({ prompt: _, ...logged }: Reuse): LoggedReuse => logged

/** `digestPrompt` in SQL, of the row's own prompt. */
const promptDigest = sql`left(encode(sha256(convert_to(prompt, 'UTF8')), 'hex'), ${sql.lit(PROMPT_DIGEST_HEX_DIGITS)})`

/** What is recorded of a generation that was accepted; SQL over the changed row. */
export const startedData = sql<string>`
  jsonb_build_object('lane', lane, 'promptDigest', ${promptDigest})`

/**
 * What is recorded of one that has ended; SQL over the changed row, named `changed`. The cost is what was booked since it
 * was asked for the last time: the row's own adds up over all askings, and would be counted twice.
 */
export const endedData = sql<string>`
  jsonb_strip_nulls(jsonb_build_object(
    'durationMs', round(extract(epoch from finished_at - queued_at) * 1000),
    'costUsd', (
      select ${inUsd(sql`coalesce(sum(attempts.cost_nano_usd), 0)`)} from attempts
      where attempts.generation_id = changed.id 
        and coalesce(attempts.finished_at, attempts.started_at) >= changed.queued_at),
    'tier', case when reuse_source is null then nullif(tier, 'standard') end,
    'source', reuse_source,
    'savedUsd', case when reuse_source is not null then (
      select ${inUsd(sql`maker.cost_nano_usd`)} from generations as maker
      where maker.id = changed.image_id and maker.upstream_account is null) end,
    'errorCode', error_code,
    'promptDigest', ${promptDigest}))`
