import type pg from 'pg'
import type { SeenStatement } from './seen-statements.ts'

type Plan = {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Index Cond'?: string
  'Recheck Cond'?: string
  Plans?: Plan[]
}

/** A table that a statement reads from end to end. */
export type FullRead = { table: string; how: string; text: string }

/** Those that have more rows the longer the service runs. */
export const GROWING_TABLES = [
  ...['users', 'generations', 'generation_events', 'attempts', 'image_metadata', 'surplus_objects'],
  ...['idempotency_keys', 'saved_items', 'hook_deliveries', 'webhook_endpoints'],
  ...['webhook_deliveries', 'webhook_attempts', 'similarity_checks', 'prompt_embeddings'],
  ...['orphan_objects', 'deleted_objects', 'embedding_calls', 'gateway_calls', 'spending'],
  ...['judge_calls', 'judge_verdicts'],
  ...['daily_figures', 'monthly_figures', 'daily_models', 'daily_durations'],
]

/** What may be read whole all the same, and why. */
const ALLOWED: readonly { table: string; text: RegExp; why: string }[] = [
  {
    table: 'generation_events',
    text: /^delete from generation_events where owner_id = \$1$/,
    why: 'an erasure looks at all events: an index by owner would cost every generation five entries',
  },
  {
    table: 'embedding_calls',
    text: /^update embedding_calls set owner_id = null where owner_id = \$1$/,
    why: 'an erasure looks at the calls of 62 days',
  },
]

export const isAllowed = ({ table, text }: FullRead): boolean =>
  ALLOWED.some((allowed) => allowed.table === table && allowed.text.test(text))

/**
 * The reads of whole tables among these statements, by Postgres's own plan for the values that they were sent with; of `growing`
 * tables alone. Postgres is told to shun whole tables, as it would if these were large: what is left can't be done otherwise. A page of an
 * index is no whole table: what stands under a limit, or in an index that holds few rows.
 */
export const findFullReads = async (
  client: pg.Client,
  statements: readonly SeenStatement[],
  growing: readonly string[],
): Promise<FullRead[]> => {
  const partial = await listPartialIndexes(client)
  for (const kind of ['seqscan', 'hashjoin', 'mergejoin']) {
    await client.query(`set enable_${kind} = off`)
  }
  const found = new Map<string, FullRead>()
  for (const { text, values } of statements) {
    for (const { table, how } of readWhole(await explain(client, text, values), partial)) {
      const read = { table, how, text: text.replace(/\s+/g, ' ').trim() }
      if (growing.includes(table)) found.set(JSON.stringify(read), read)
    }
  }
  return [...found.values()]
}

/** Each in a transaction of its own that is rolled back, as a statement may fail: with a table that was renamed, or a wrong value. */
const explain = async (client: pg.Client, text: string, values: readonly unknown[]) => {
  await client.query('begin')
  try {
    const { rows } = await client.query(`explain (format json) ${text}`, [...values])
    return rows[0]['QUERY PLAN'][0].Plan as Plan
  } finally {
    await client.query('rollback')
  }
}

const readWhole = (
  plan: Plan,
  partial: ReadonlySet<string>,
  isLimited = false,
): Omit<FullRead, 'text'>[] => {
  const { 'Node Type': how, 'Relation Name': table, 'Index Name': index = '', Plans = [] } = plan
  const isByIndex = /^Index (Only )?Scan$/.test(how)
  const isWhole =
    how === 'Seq Scan' || (isByIndex && !plan['Index Cond'] && !isLimited && !partial.has(index))
  // A sort or an aggregate reads all that is below it, whatever is asked for above it.
  const passesLimit = !/^(Sort|Aggregate|Hash|Materialize|Unique|WindowAgg|SetOp)$/.test(how)
  const isLimitedBelow = how === 'Limit' || (isLimited && passesLimit)
  return [
    ...(isWhole && table ? [{ table, how: `${how} ${index}`.trim() }] : []),
    ...Plans.flatMap((below) => readWhole(below, partial, isLimitedBelow)),
  ]
}

const listPartialIndexes = async (client: pg.Client): Promise<Set<string>> => {
  const { rows } = await client.query<{ name: string }>(
    'select indexrelid::regclass::text as name from pg_index where indpred is not null',
  )
  return new Set(rows.map(({ name }) => name))
}
