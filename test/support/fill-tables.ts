import type pg from 'pg'

/** Of every so many generations one more owner. */
const GENERATIONS_OF_AN_OWNER = 100

/**
 * So many generations that were made a second apart up to now, every other one with an image and a call of its own, with some of their
 * events, and a share of all else that grows: in each table by one statement, beside what is there. Two gigabytes a million. Triggers
 * rest meanwhile, as ten million sums would take hours.
 */
export const fillTables = async (client: pg.Client, generations: number): Promise<void> => {
  await client.query('set session_replication_role = replica')
  for (const statement of statementsFor(generations)) {
    await client.query(
      /^insert/.test(statement) ? `${statement} on conflict do nothing` : statement,
    )
  }
  await client.query('set session_replication_role = default')
  await client.query('vacuum analyze')
}

/** As an id is: 160 bits that nothing is in the order of. */
const idOf = (n: string) => `'g_' || left(encode(sha256(('filled ' || ${n})::bytea), 'hex'), 40)`

const statementsFor = (count: number): string[] => {
  const owners = Math.max(1, Math.floor(count / GENERATIONS_OF_AN_OWNER))
  const numbers = `(select n, ${idOf('n')} as id, 'filled-' || n % ${owners} as owner,
    now() - (${count} - n) * interval '1 second' as at from generate_series(1, ${count}) as n) as made`
  const some = (share: number) => `${numbers} where n % ${share} = 0`
  return [
    `insert into users (id) select 'filled-' || n from generate_series(0, ${owners - 1}) as n`,
    `insert into image_metadata (id, user_id, image_url, image_type, prompt, generated_at, object_key, mime_type, size_bytes,
        width, height, thumbhash, content_digest, source_digest)
      select id, owner, '/images/' || id, 'generated', 'a filled picture ' || n, at, 'generated/' || id || '/' || md5(n::text),
        'image/png', 180000, 1024, 1024, 'YTkGJwaRhWUIt4lbgnhZl3ath2BUBGYA', repeat(md5(n::text), 2), repeat(md5(n::text), 2)
      from ${some(2)}`,
    `insert into generations (id, owner_id, fingerprint, status, lane, prompt, is_prompt_as_written, transformation, provider, model,
        image_size, object_key, image_id, reuse_source, cost_usd, paid_calls, attempts, claims, fence, event_sequence, created_at, queued_at,
        enqueued_at, started_at, finished_at, error_code, error_retryable)
      select id, owner, id, case when n % 50 = 1 then 'failed' else 'succeeded' end,
        case when n % 5 = 0 then 'eager' else 'interactive' end, 'a filled picture ' || n, true, 'generate', 'gemini',
        'gemini-nano-banana-2.1', '1K', 'generated/' || id || '/' || md5(n::text),
        case when n % 2 = 0 then id when n % 50 > 1 then ${idOf('(n - 1)')} end, case when n % 2 = 1 and n % 50 > 1 then 'similar' end,
        0.0336, 1, 1, 1, n, 3, at, at, at, at, at, case when n % 50 = 1 then 'timeout' end, case when n % 50 = 1 then true end
      from ${numbers}`,
    `insert into attempts (generation_id, fence, worker_id, provider, model, started_at, finished_at, outcome, cost_usd, held_usd,
        is_counted)
      select id, n, 'worker-' || n % 8, 'gemini', 'gemini-nano-banana-2.1', at, at, 'image', 0.0336, 0.05, true from ${some(2)}`,
    `insert into generation_events (owner_id, generation_id, sequence, type, data, created_at)
      select owner, id, sequence, type, data, at from ${numbers}
      cross join (values (1, 'generation.queued', '{}'::jsonb), (3, 'generation.succeeded', '{}'),
        (null, 'generation_completed', '{"durationMs": 9000}')) as events (sequence, type, data) order by n`,
    `insert into generation_events (owner_id, generation_id, type, data, created_at)
      select owner, id, 'generation_skipped', jsonb_build_object('source', 'exact', 'savedUsd', 0.0336), at from ${some(2)}`,
    `update analytics_progress set event_id = (select max(id) from generation_events)`,
    `insert into daily_figures (day, owner_id, started, skipped_exact, skipped_joined, skipped_similar, client_skipped, completed,
        failed, canceled, calls, paid_calls, spend_nano_usd, saved_nano_usd, duration_ms)
      select (now() - d * interval '1 day')::date, owner, 3, 1, 0, 0, 0, 2, 1, 0, 3, 3, 100800000, 33600000, 18000
      from generate_series(0, 29) as d, (select '' as owner union all
        select 'filled-' || n from generate_series(0, least(${owners}, 1000) - 1) as n) as everyone`,
    `insert into saved_items (owner_id, id, title, generation_id, created_at, updated_at)
      select owner, 'item-' || n, 'an item', id, at, at from ${some(10)}`,
    `insert into idempotency_keys (owner_id, key, request_digest, generation_id, created_at, expires_at)
      select owner, 'key-' || n, '', id, at, now() + interval '1 day' from ${some(10)}`,
    `insert into similarity_checks (generation_id, owner_id, mode, model, is_match, duration_ms, embedding_cost_usd, created_at)
      select id, owner, 'suggest', 'a model', n % 100 = 0, 5, 0.000002, at from ${some(10)}`,
    `insert into prompt_embeddings (fingerprint, model, owner_id, scope, prompt_digest, code)
      select id, 'a model', owner, 'a scope', left(md5(n::text), 16), '\\x00' from ${some(10)}`,
    `insert into deleted_objects (object_key, deleted_at) select 'generated/' || id || '/deleted', at from ${some(20)}`,
    `insert into orphan_objects (object_key, modified_at, found_at) select 'generated/' || id || '/orphan', at, at from ${some(20)}`,
    `insert into surplus_objects (generation_id, attempt_id, digest, kind, size_bytes, object_key)
      select id, 1, repeat('a', 64), 'picture', 1, 'surplus/' || id || '/a' from ${some(20)}`,
    `insert into hook_deliveries (source, webhook_id, received_at) select 'cms', 'hook-' || n, at from ${some(20)}`,
    `insert into webhook_endpoints (id, owner_id, url, events, secret)
      select 'we_' || n, 'filled-' || n, 'https://app.example/', '{generation.succeeded}', 'whsec'
      from generate_series(0, ${Math.floor(owners / 10)}) as n`,
    `insert into webhook_deliveries (endpoint_id, type, generation_id, event_sequence, status, created_at, next_attempt_at)
      select 'we_' || n % ${Math.floor(owners / 10) + 1}, 'generation.succeeded', id, 3, 'delivered', at, null from ${some(10)}`,
    `insert into webhook_attempts (delivery_id, started_at, duration_ms, answer) select id, created_at, 5, '200' from webhook_deliveries`,
    `insert into embedding_calls (owner_id, model, started_at, held_usd, cost_usd) select owner, 'a model', at, 0, 0 from ${some(20)}`,
    `insert into gateway_calls (owner_id, model, method, started_at, finished_at, held_usd, cost_usd, is_counted)
      select owner, 'a model', 'generateContent', at, at, 0, 0, true from ${some(20)}`,
    `insert into spending (scope, period, starts, nano_usd)
      select scope, 'day', (now() - d * interval '1 day')::date, 33600000 from generate_series(0, 29) as d,
        (select 'all' as scope union all select 'owner:filled-' || n from generate_series(0, least(${owners}, 1000) - 1) as n) as scopes`,
  ]
}
