import { sql } from 'kysely'
import pg from 'pg'
import { type CountedPostgres, type Counts, startCountedPostgres } from './counted-postgres.ts'
import { fillTables } from './fill-tables.ts'
import { openHotOperations } from './hot-operations.ts'

const FILLED = 5_000
const TIMES = 60
const QUEUED = 10_000
/** Of one owner, when the next one comes. */
const IN_FLIGHT = 1_000

export type HotCounts = {
  counts: Record<string, Counts>
  /** Which share of the changes of generations that are made touches no index. */
  hotShare: number
  /** Of the tables that grow, how many bytes of indexes there are for each of the rows. */
  indexShares: Record<string, number>
}

/** What the hot ways cost, counted in a Postgres where nobody else does anything. */
export const countHotOperations = async (): Promise<HotCounts> => {
  const postgres = await startCountedPostgres()
  const client = new pg.Client({ connectionString: postgres.url })
  const operations = openHotOperations(postgres.url, 'counted')
  try {
    await client.connect()
    await fillTables(client, FILLED)
    const indexShares = await readIndexShares(client)
    return { ...(await countAll(postgres, operations)), indexShares }
  } finally {
    await Promise.all([operations.close(), client.end()])
    await postgres.stop()
  }
}

type Operations = ReturnType<typeof openHotOperations>

const countAll = async ({ count }: CountedPostgres, operations: Operations) => {
  const { submit, reuse, claim, pay, renew, complete, reads, sweep } = operations
  for (let n = 0; n < TIMES; n++) await reads.poll(await operations.make())
  const made = await operations.make()
  const hotShare = await readHotShare(operations, async () => {
    for (let n = 0; n < TIMES; n++) await operations.make()
  })
  const counts: Record<string, Counts> = {}
  const each = async <T>(name: string, run: () => Promise<T>): Promise<T[]> => {
    const results: T[] = []
    counts[name] = await count(TIMES, async () => void results.push(await run()))
    return results
  }
  const next = <T>(all: T[]) => {
    const rest = [...all]
    return () => rest.pop() as T
  }
  await each('reuse', () => reuse(made))
  await each('poll', () => reads.poll(made))
  const ids = next(await each('submission', submit))
  const claims = await each('claim', () => claim(ids()))
  const [paying, renewing, completing] = [next(claims), next(claims), next(claims)]
  await each('payment', () => pay(paying()))
  await each('renewal', () => renew(renewing()))
  await each('completion', () => complete(completing()))
  await queue(operations, IN_FLIGHT)
  const waiting = next(await each('submission beside 1,000 in flight', submit))
  await queue(operations, QUEUED - IN_FLIGHT)
  counts['sweep of 10,000 with their jobs'] = await count(10, sweep)
  // Of whom Postgres knows nothing yet.
  const late = next(await each('claim beside 10,000 in flight', () => claim(waiting())))
  await each('completion beside 10,000 in flight', () => complete(late()))
  return { counts, hotShare }
}

/** Of the owner, and handed to the queue a while ago. */
const queue = (operations: Operations, rows: number) =>
  sql`insert into generations (id, owner_id, fingerprint, status, lane, prompt, transformation, provider, model, image_size,
      object_key, enqueued_at, event_sequence, place, deadline_at)
    select id, 'counted', id, 'queued', 'interactive', 'queued', 'generate', 'gemini', 'm', '1K', 'generated/' || id || '/1',
      now() - interval '1 minute', 1, n, now() + interval '1 day'
    from (select n, 'g_' || left(encode(sha256(gen_random_uuid()::text::bytea), 'hex'), 40) as id
      from generate_series(1, ${rows}::int) as n) as new`.execute(operations.db)

const readHotShare = async ({ db }: Operations, run: () => Promise<unknown>): Promise<number> => {
  const read = async () => {
    await sql`select pg_stat_force_next_flush()`.execute(db)
    const { rows } = await sql<{ changed: number; hot: number }>`
      select n_tup_upd::float8 as changed, n_tup_hot_upd::float8 as hot
      from pg_stat_user_tables where relname = 'generations'`.execute(db)
    return rows[0] ?? { changed: 0, hot: 0 }
  }
  const before = await read()
  await run()
  const after = await read()
  return (after.hot - before.hot) / (after.changed - before.changed)
}

const GROWING = ['generations', 'generation_events', 'image_metadata', 'attempts']

const readIndexShares = async (client: pg.Client): Promise<Record<string, number>> => {
  const { rows } = await client.query<{ name: string; share: number }>(
    `select name, pg_indexes_size(name::regclass)::float8 / pg_relation_size(name::regclass) as share
    from unnest($1::text[]) as name`,
    [GROWING],
  )
  return Object.fromEntries(rows.map(({ name, share }) => [name, share]))
}
