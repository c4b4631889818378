import { type RawBuilder, sql } from 'kysely'
import type { Figures } from '../../contract/analytics.ts'
import { type NanoUsdSum, toUsd } from '../../lib/money.ts'
import { durationOfBucket, EVERYONE, FIGURES, type Figure } from './facts.ts'
import type { Reading } from './reading.ts'

/** Whose figures of which days; without `ownerId` all owners together. */
export type Scope = { from: string; to: string; ownerId?: string | undefined }

/** Sums of the rollup's columns, as Postgres gives them. */
export type Sums = Record<Exclude<Figure, MoneyFigure>, string> & Record<MoneyFigure, NanoUsdSum>
type MoneyFigure = Extract<Figure, `${string}NanoUsd`>

/** A period's buckets at which half and 95 % of the durations are reached; null where there are none. */
type Percentiles = { p50: number | null; p95: number | null }

/** The figures of each period; `period` is SQL that names a day's. */
export const readFigures = async (
  reading: Reading,
  scope: Scope,
  period: RawBuilder<string>,
): Promise<(period: string) => Figures> => {
  const sums = await readSums(reading, scope, period)
  const percentiles = await readPercentiles(reading, scope, period)
  return (name) => {
    const figures = describeSums(sums.get(name))
    const { p50 = null, p95 = null } = percentiles.get(name) ?? {}
    const hasDurations = p50 !== null && p95 !== null
    const totalMs = Number(sums.get(name)?.durationMs ?? 0)
    const durationMs = hasDurations
      ? {
          p50: durationOfBucket(p50),
          p95: durationOfBucket(p95),
          mean: Math.round(totalMs / figures.completed),
        }
      : null
    return { ...figures, durationMs }
  }
}

/** Counts, rates and money out of sums; all 0 without any. */
export const describeSums = (sums: Sums | undefined): Omit<Figures, 'durationMs'> => {
  const get = (figure: Exclude<Figure, MoneyFigure>) => Number(sums?.[figure] ?? 0)
  const [exact, joined, similar] = [
    get('skippedExact'),
    get('skippedJoined'),
    get('skippedSimilar'),
  ]
  const [started, completed, failed] = [get('started'), get('completed'), get('failed')]
  const skipped = exact + joined + similar
  return {
    total: started + skipped,
    started,
    skipped: { total: skipped, exact, joined, similar },
    clientSkipped: get('clientSkipped'),
    reuseRate: toPercent(skipped, started + skipped),
    completed,
    failed,
    canceled: get('canceled'),
    successRate: toPercent(completed, completed + failed),
    calls: get('calls'),
    paidCalls: get('paidCalls'),
    halfPriceCalls: get('halfPriceCalls'),
    halfPriceUsd: toUsd(sums?.halfPriceNanoUsd ?? 0),
    spendUsd: toUsd(sums?.spendNanoUsd ?? 0),
    estimatedUsd: toUsd(sums?.estimatedNanoUsd ?? 0),
    savedUsd: toUsd(sums?.savedNanoUsd ?? 0),
  }
}

const toPercent = (part: number, whole: number) => (whole === 0 ? null : (part / whole) * 100)

const columns = FIGURES.map((figure) => sql.ref(figure))

/** SQL for sums of the rollup's columns. */
export const sumColumns = sql.join(columns.map((column) => sql`sum(${column}) as ${column}`))

const readSums = async ({ tx, tail }: Reading, scope: Scope, period: RawBuilder<string>) => {
  const own = ownTail(scope)
  const { rows } = await sql<Sums & { period: string }>`
    select ${period} as period, ${sumColumns}
    from (
      select day, ${sql.join(columns)} from daily_figures where ${ownRollup(scope)}
      union all
      select day, ${sql.join(columns)} from (${tail.events}) as events where ${own}
      union all
      select day, ${sql.join(columns)} from (${tail.calls}) as calls where ${own}
    ) as days
    group by 1`.execute(tx)
  return new Map(rows.map((row) => [row.period, row]))
}

/** By nearest rank. */
const readPercentiles = async ({ tx, tail }: Reading, scope: Scope, period: RawBuilder<string>) => {
  const { rows } = await sql<Percentiles & { period: string }>`
    select period,
      min(bucket) filter (where up_to >= ceil(total * 0.5)) as p50,
      min(bucket) filter (where up_to >= ceil(total * 0.95)) as p95
    from (
      select period, bucket, sum(count) over (partition by period order by bucket) as up_to,
        sum(count) over (partition by period) as total
      from (
        select ${period} as period, bucket, sum(count) as count
        from (
          select day, bucket, count from daily_durations where ${ownRollup(scope)}
          union all
          select day, bucket, 1 from (${tail.events}) as events where bucket is not null and ${ownTail(scope)}
        ) as days
        group by 1, 2
      ) as buckets
    ) as ranked
    group by period`.execute(tx)
  return new Map(rows.map((row) => [row.period, row]))
}

type ModelSums = { model: string } & Pick<Sums, 'calls' | 'paidCalls' | 'spendNanoUsd'>

/** What was called for, by model, the dearest first. */
export const readModels = async ({ tx, tail }: Reading, scope: Scope) => {
  const { rows } = await sql<ModelSums>`
    select model, sum(calls) as calls, sum(paid_calls) as paid_calls, sum(spend_nano_usd) as spend_nano_usd
    from (
      select model, calls, paid_calls, spend_nano_usd from daily_models where ${ownRollup(scope)}
      union all
      select model, calls, paid_calls, spend_nano_usd from (${tail.calls}) as calls where ${ownTail(scope)}
    ) as days
    group by model
    order by sum(spend_nano_usd) desc, model`.execute(tx)
  return rows.map(({ model, calls, paidCalls, spendNanoUsd }) => ({
    model,
    calls: Number(calls),
    paidCalls: Number(paidCalls),
    spendUsd: toUsd(spendNanoUsd),
  }))
}

const ownRollup = ({ ownerId = EVERYONE, ...range }: Scope) =>
  sql`owner_id = ${ownerId} and ${isWithin(range)}`

const ownTail = ({ ownerId, ...range }: Scope) =>
  ownerId === undefined ? isWithin(range) : sql`owner_id = ${ownerId} and ${isWithin(range)}`

/** SQL for a day between two. */
export const isWithin = ({ from, to }: Pick<Scope, 'from' | 'to'>) =>
  sql`day between ${from}::date and ${to}::date`
