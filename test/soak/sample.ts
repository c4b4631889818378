import { readdir, readFile } from 'node:fs/promises'
import { sql } from 'kysely'
import type { Child } from '../chaos/child.ts'
import { HARNESS_APPLICATION, type Stack } from '../chaos/stack.ts'

/** Everything that is looked at, by its name. */
export type Sample = Record<string, number>

/** What the processes and the stores hold at this moment. */
export const takeSample = async (stack: Stack): Promise<Sample> => {
  const [processes, tables, connections, redis] = await Promise.all([
    Promise.all([
      ...[...stack.apis].map((api) => sampleProcess('api', api)),
      ...[...stack.workers].map((worker, n) => sampleProcess(`worker ${n + 1}`, worker)),
    ]),
    sampleTables(stack),
    countConnections(stack),
    sampleRedis(stack),
  ])
  return Object.assign({}, ...processes, tables, redis, { 'Postgres connections': connections })
}

const sampleProcess = async (name: string, { pid }: Pick<Child, 'pid'>): Promise<Sample> => {
  const [status, handles] = await Promise.all([
    readFile(`/proc/${pid}/status`, 'utf8'),
    readdir(`/proc/${pid}/fd`),
  ])
  const rssKb = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1])
  return { [`${name}: RSS (MB)`]: rssKb / 1_024, [`${name}: handles`]: handles.length }
}

/** What is under way, and what all tables weigh for each generation that was ever made: history is kept, and may grow. */
const sampleTables = async ({ db }: Pick<Stack, 'db'>): Promise<Sample> => {
  const { rows } = await sql<{ open: number; generations: number; bytes: number }>`
    select count(*) filter (where status in ('queued', 'running'))::int as open, count(*)::int as generations,
      (select sum(pg_total_relation_size(oid))::float8 from pg_class
       where relkind = 'r' and relnamespace = 'public'::regnamespace) as bytes
    from generations`.execute(db)
  const { open = 0, generations = 0, bytes = 0 } = rows[0] ?? {}
  return {
    'generations under way': open,
    'tables a generation (kB)': bytes / 1_024 / Math.max(1, generations),
  }
}

const countConnections = async ({ db }: Pick<Stack, 'db'>): Promise<number> => {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from pg_stat_activity
    where datname = current_database() and application_name <> ${HARNESS_APPLICATION}`.execute(db)
  return rows[0]?.count ?? 0
}

const sampleRedis = async ({ redis, env }: Pick<Stack, 'redis' | 'env'>): Promise<Sample> => {
  if (!redis) return {}
  const [keys, bytes] = await Promise.all([
    redis.countKeys(`*${env.QUEUE_NAME}*`),
    redis.readInfo('used_memory'),
  ])
  return { 'Redis keys': keys, 'Redis memory (MB)': bytes / 1_048_576 }
}
