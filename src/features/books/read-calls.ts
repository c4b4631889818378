import { type RawBuilder, sql } from 'kysely'
import type { CallTable } from '../../../db/books-tables.ts'
import type { Database } from '../../../db/database.ts'
import { lastIdBefore } from '../../../db/last-id-before.ts'
import type { ImageSize } from '../../contract/vocabulary.ts'
import type { NanoUsd } from '../../lib/money.ts'
import type { BillProvider } from './bill/read-bill.ts'
import type { BookedCall, Part, ReadCalls } from './calls.ts'

/** What is known of a model, by its price. */
export type Pricing = {
  /** The name that it has in the price table; that by which it was called where it has none there. */
  nameOf: (model: string) => string
  /** Whose model it is; undefined of one that is in no table. */
  providerOf: (model: string) => string | undefined
  /** What of a call's cost is for which tokens; undefined where its usage does not tell. */
  split: (call: {
    model: string
    size: ImageSize
    tier: string
    usage: unknown
    costNanoUsd: NanoUsd
  }) => readonly Part[] | undefined
}

type CallRow = {
  id: string
  generationId: string | null
  ownerId: string | null
  provider: string | null
  model: string
  size: ImageSize
  tier: string
  startedAt: Date
  endedAt: Date
  costNanoUsd: NanoUsd
  isEstimate: boolean
  usage: unknown
  responseId: string | null
  /** True where a bill has said what it cost, and not what for. */
  isSettled: boolean
}

const PAGE_ROWS = 2_000

/** All paid calls to a provider, from every table of such, page by page. */
export const createReadCalls = (
  db: Database,
  pricing: Pricing,
  provider: BillProvider,
): ReadCalls =>
  async function* readCalls(from, to) {
    for (const source of await listSources(db)) {
      for await (const row of readPages(db, source, new Date(from), new Date(to))) {
        const owner = row.provider ?? pricing.providerOf(row.model) ?? 'gemini'
        if (owner === provider) yield toCall(row, source.table, pricing)
      }
    }
  }

const toCall = (row: CallRow, table: CallTable, pricing: Pricing): BookedCall => ({
  table,
  id: row.id,
  generationId: row.generationId ?? undefined,
  ownerId: row.ownerId ?? undefined,
  model: pricing.nameOf(row.model),
  tier: row.tier,
  startedAt: row.startedAt.getTime(),
  endedAt: row.endedAt.getTime(),
  costNanoUsd: row.costNanoUsd,
  isEstimate: row.isEstimate && !row.isSettled,
  responseId: row.responseId ?? undefined,
  parts: row.isEstimate && !row.isSettled ? undefined : partsOf(row, table, pricing),
})

const partsOf = (row: CallRow, table: CallTable, { split }: Pricing) =>
  table === 'embedding_calls'
    ? [{ kind: 'textIn' as const, tokens: undefined, nanoUsd: row.costNanoUsd }]
    : row.isSettled
      ? undefined
      : split(row)

/** In the order of ids, which is about that of time; `bounds` are the ids between which the table has rows of that time. */
async function* readPages(
  db: Database,
  { table, select, bounds }: Source,
  from: Date,
  to: Date,
): AsyncGenerator<CallRow> {
  const { rows: found } = await sql<{ after: string | null; upTo: string | null }>`
    select ${bounds(from, to)}`.execute(db)
  let after = found[0]?.after ?? '0'
  const upTo = found[0]?.upTo ?? '0'
  for (;;) {
    const { rows } = await sql<CallRow>`
      select *, exists (
        select from settlements where call_table = ${table} and call_id = call.id) as is_settled
      from (${select}) as call
      where id > ${after}::bigint and id <= ${upTo}::bigint and started_at >= ${from} and started_at < ${to}
      order by id limit ${PAGE_ROWS}`.execute(db)
    yield* rows
    const last = rows.at(-1)
    if (!last || rows.length < PAGE_ROWS) return
    after = last.id
  }
}

type Source = {
  table: CallTable
  select: RawBuilder<unknown>
  /** SQL for the columns `after` and `up_to`. */
  bounds: (from: Date, to: Date) => RawBuilder<unknown>
}

const listSources = async (db: Database): Promise<Source[]> => {
  const { rows } = await sql<{ judges: string | null }>`
    select to_regclass('judge_calls')::text as judges`.execute(db)
  return rows[0]?.judges ? [...SOURCES, JUDGE_CALLS] : SOURCES
}

/** Ids are given out before rows are committed, so one may be a little out of the order of time. */
const MARGIN = sql`interval '1 hour'`

const ATTEMPTS: Source = {
  table: 'attempts',
  bounds: (from, to) => {
    const before = (moment: RawBuilder<unknown>) =>
      lastIdBefore({ table: 'attempts', time: 'started_at' }, moment)
    return sql`${before(sql`${from}::timestamptz - ${MARGIN}`)} as after,
      ${before(sql`${to}::timestamptz + ${MARGIN}`)} as up_to`
  },
  select: sql`
    select attempt.id, generation_id, generations.owner_id, attempt.provider, attempt.model,
      generations.image_size as size,
      coalesce(attempt.served_tier, attempt.tier, 'standard') as tier, attempt.started_at,
      coalesce(attempt.finished_at, attempt.started_at) as ended_at, attempt.cost_nano_usd,
      is_estimate and may_have_charged and attempt.cost_nano_usd > 0 as is_estimate, usage, response_id
    from attempts as attempt join generations on generations.id = generation_id
    where attempt.cost_nano_usd > 0 or response_id is not null`,
}

/** These have an index by time. */
const boundsByTime =
  (table: CallTable) =>
  (from: Date, to: Date): RawBuilder<unknown> => {
    const own = sql`from ${sql.table(table)} where started_at >= ${from} and started_at < ${to}`
    return sql`(select min(id) - 1 ${own}) as after, (select max(id) ${own}) as up_to`
  }

const GATEWAY_CALLS: Source = {
  table: 'gateway_calls',
  bounds: boundsByTime('gateway_calls'),
  select: sql`
    select id, null::text as generation_id, owner_id, null::text as provider, model, '1K' as size, 'standard' as tier,
      started_at, coalesce(finished_at, started_at) as ended_at, cost_nano_usd,
      is_estimate and may_have_charged as is_estimate, usage, response_id
    from gateway_calls where cost_nano_usd > 0`,
}

const EMBEDDING_CALLS: Source = {
  table: 'embedding_calls',
  bounds: boundsByTime('embedding_calls'),
  select: sql`
    select id, null::text as generation_id, owner_id, null::text as provider, model, '1K' as size, 'standard' as tier,
      started_at, coalesce(finished_at, started_at) as ended_at, cost_nano_usd,
      coalesce(is_estimate, false) or finished_at is null as is_estimate, null::jsonb as usage, null::text as response_id
    from embedding_calls where cost_nano_usd > 0`,
}

const JUDGE_CALLS: Source = {
  table: 'judge_calls',
  bounds: boundsByTime('judge_calls'),
  select: sql`
    select id, null::text as generation_id, owner_id, null::text as provider, model, '1K' as size, 'standard' as tier,
      started_at, coalesce(finished_at, started_at) as ended_at, cost_nano_usd,
      finished_at is null or usage is null as is_estimate, usage, response_id
    from judge_calls where cost_nano_usd > 0`,
}

const SOURCES = [ATTEMPTS, GATEWAY_CALLS, EMBEDDING_CALLS]
