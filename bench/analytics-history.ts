import type pg from 'pg'

const OWNERS = 1_000
const DAYS = 400
/** Rows of one statement: within the time that a statement may take. */
const BATCH_ROWS = 500_000

/**
 * A history of so many events over 400 days and 1,000 owners, in the order of its time: of each ten, five are of a
 * new image, four are reuses, and one is a failure, a cancellation or a browser's claim. Each new image has its call.
 */
export const seedHistory = async (client: pg.Client, events: number): Promise<void> => {
  await seed(client, 1, events)
  await client.query('vacuum analyze')
}

/** So many more, of the last moment before now. */
export const seedMoment = (client: pg.Client, after: number, events: number): Promise<void> =>
  seed(client, after + 1, after + events)

const seed = async (client: pg.Client, from: number, to: number): Promise<void> => {
  await client.query(
    `insert into users (id) select 'owner ' || n from generate_series(0, ${OWNERS - 1}) n on conflict do nothing`,
  )
  for (let first = from; first <= to; first += BATCH_ROWS) {
    const last = Math.min(to, first + BATCH_ROWS - 1)
    await client.query(seedEvents, [first, last, to])
    await client.query(seedGenerations, [first, last])
    await client.query(seedCalls, [first, last, to])
  }
}

const ownerOf = (n: string) => `'owner ' || (hashint8(${n}) & 2147483647) % ${OWNERS}`

/** Spread evenly over the days; the last, `$3`, is now. */
const timeOf = (n: string) => `now() - interval '${DAYS} days' * (($3::bigint - ${n}) / $3::float8)`

const seedEvents = `
  insert into generation_events (owner_id, type, data, created_at, client_event_id)
  select ${ownerOf('n / 10')},
    case n % 10
      when 0 then 'generation.queued' when 1 then 'generation_started' when 2 then 'generation.running'
      when 3 then 'generation.succeeded' when 4 then 'generation_completed'
      when 9 then (array['generation_failed', 'generation.canceled', 'generation_skipped'])[1 + n / 10 % 3]
      else 'generation_skipped' end,
    case n % 10
      when 4 then jsonb_build_object('durationMs', 8000 + n * 7919 % 40000, 'costUsd', 0.0336, 'promptDigest', '0123456789abcdef')
      when 5 then '{"source": "exact", "savedUsd": 0.0336, "promptDigest": "0123456789abcdef"}'
      when 6 then '{"source": "exact", "savedUsd": 0.134, "promptDigest": "0123456789abcdef"}'
      when 7 then '{"source": "joined", "savedUsd": 0.0336, "promptDigest": "0123456789abcdef"}'
      when 8 then '{"source": "similar", "savedUsd": 0.0336, "promptDigest": "0123456789abcdef"}'
      when 9 then (array['{"durationMs": 60000, "costUsd": 0, "errorCode": "timeout"}',
        '{"errorCode": "canceled"}', '{"origin": "client", "source": "client"}'])[1 + n / 10 % 3]::jsonb
      else '{"lane": "interactive", "promptDigest": "0123456789abcdef"}' end,
    ${timeOf('n')},
    case when n % 10 = 9 and n / 10 % 3 = 2 then 'c' || n end
  from generate_series($1::bigint, $2::bigint) n`

const idOf = (n: string) => `'g_' || lpad(to_hex(${n}), 40, '0')`

const seedGenerations = `
  insert into generations (id, owner_id, fingerprint, status, lane, prompt, transformation, provider, model, image_size,
    object_key, finished_at)
  select ${idOf('n / 10')}, ${ownerOf('n / 10')}, ${idOf('n / 10')}, 'succeeded', 'interactive', 'prompt', 'generate',
    'gemini', 'gemini-nano-banana-2.1', '1K', 'generated/' || n, now()
  from generate_series($1::bigint, $2::bigint) n where n % 10 = 4`

const seedCalls = `
  insert into attempts (generation_id, fence, worker_id, provider, model, started_at, finished_at, outcome, cost_usd)
  select ${idOf('n / 10')}, 1, 'w', 'gemini',
    (array['gemini-nano-banana-2.1', 'gemini-3-pro-image'])[1 + n / 10 % 2], ${timeOf('n')}, now(), 'image', 0.0336
  from generate_series($1::bigint, $2::bigint) n where n % 10 = 4`
