import type pg from 'pg'

/** The tables behind `bare-server.ts`. */
export const createBareTables = (client: pg.Client) =>
  client.query(`
    create table bare_answers (prompt text primary key, answer json not null);
    create table bare_submissions (id text primary key, body json not null, created_at timestamptz default now());
  `)

/** Gives the bare handler an answer of the same size. */
export const keepBareAnswer = (client: pg.Client, prompt: string, answer: unknown) =>
  client.query('insert into bare_answers values ($1, $2)', [prompt, JSON.stringify(answer)])

/** What a worker would have done with everything that is queued. */
export const finishQueued = (client: pg.Client) =>
  client.query(`
    insert into image_metadata
      (id, user_id, image_url, image_type, prompt, object_key, mime_type, size_bytes, width, height, thumbhash,
        content_digest, source_digest)
    select id, owner_id, '/images/' || id, 'generated', prompt, object_key, 'image/webp', 180000, 1344, 768,
      'YTkGJwaRhWUIt4lbgnhZl3ath2BUBGYA', encode(sha256(id::bytea), 'hex'), encode(sha256(id::bytea), 'hex')
    from generations where status = 'queued';
    update generations set status = 'succeeded', image_id = id, cost_usd = 0.0336, paid_calls = 1, attempts = 1,
      claims = 1, fence = 1, event_sequence = 3, started_at = now(), finished_at = now()
    where status = 'queued';
  `)

const OTHER_GENERATIONS = 20_000

/** Others' generations, so that the indexes have something to choose from. */
export const growTables = (client: pg.Client) =>
  client.query(`
    insert into users (id) select 'user ' || n from generate_series(0, 199) n on conflict do nothing;
    insert into generations (id, owner_id, fingerprint, status, lane, prompt, transformation, provider, model,
      image_size, object_key, finished_at)
    select id, 'user ' || n % 200, id, 'succeeded', 'interactive', 'prompt ' || n, 'generate', 'gemini', 'm',
      '1K', 'generated/' || id || '/0', now()
    from (select n, 'g_' || left(encode(sha256(n::text::bytea), 'hex'), 40) as id
      from generate_series(1, ${OTHER_GENERATIONS}) n) as made;
  `)
