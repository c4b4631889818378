import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { Savings, SavingsAmounts } from '../../contract/savings.ts'
import { type NanoUsdSum, toUsd } from '../../lib/money.ts'
import type { DayRange } from './days.ts'
import { EVERYONE } from './facts.ts'
import { isWithin, readFigures, readModels } from './figures.ts'
import { type Reading, readAtOnce } from './reading.ts'
import type { SavingKind } from './savings-facts.ts'

/** What a call at a tier costs of what it costs at once; undefined where no price says so. */
export type ShareOf = (model: string, tier: string) => number | undefined

/** How the figures come about, for whoever is to believe them. */
export const METHOD = [
  'Days are UTC days; a call counts on the day it was sent, and a reuse on the day it was asked for.',
  'Bought: what the provider’s own count of tokens comes to at the price of that day, or what the bill says; a part of it, told apart, is estimated: calls cut off or lost, at what they may have cost.',
  'Reused: each request that was answered without a call, written down when it was answered, at what the picture it was answered with had cost, or at its list price of that day where it is not paid for yet. `exact`: the same request again. `joined`: while the same was being made. `similar`: by the picture of a prompt that says the same.',
  'Half price: calls that ran at another tier; saved is what they would have cost at once, by the share of the price table, less what they cost. Only calls of measured cost count.',
  'Without us: what was bought and what was saved, together. It takes every reuse for a call that would have been paid for, and no failed call for one that would have been repeated.',
  'Refused at a limit: asked for anew, and not bought. Each request counts once a day for each process that refused it, at its list price; those that failed in the queue have no amount. It is no saving.',
  'Kept back by browsers: what their own guards report. Nobody can check it, so that it has no money.',
]

/** What some days cost and what they would have cost; of all owners without `ownerId`. */
export const summarizeSavings = (
  db: Database,
  range: DayRange,
  ownerId: string | undefined,
  shareOf: ShareOf,
): Promise<Savings> =>
  readAtOnce(db, async (reading) => {
    const scope = { ...range, ownerId }
    const figuresOf = await readFigures(reading, scope, sql`'all'`)
    const bought = await readModels(reading, scope)
    const saved = await readSaved(reading, scope)
    const names = new Set([...bought, ...saved].map(({ model }) => model))
    const sums = [...names].map((model) => {
      const own = bought.find((each) => each.model === model)
      const kinds = saved.filter((each) => each.model === model)
      return { model, sum: sumOf(own, kinds, (tier) => shareOf(model, tier)) }
    })
    const all = sums.reduce((total, { sum }) => addSums(total, sum), EMPTY)
    return {
      ...range,
      asOf: reading.savingsAsOf,
      owner: ownerId ?? null,
      ...present(all),
      estimatedUsd: figuresOf('all').estimatedUsd,
      models: sums
        .sort((a, b) => Number(withoutOf(b.sum) - withoutOf(a.sum)) || (a.model < b.model ? -1 : 1))
        .map(({ model, sum }) => ({ model: model || 'unknown', ...present(sum) })),
      method: METHOD,
    }
  })

type Saved = { model: string; kind: SavingKind } & Counted

const readSaved = async (
  { tx, tail }: Reading,
  { ownerId, ...range }: DayRange & { ownerId: string | undefined },
): Promise<Saved[]> => {
  const own = ownerId === undefined ? sql`true` : sql`owner_id = ${ownerId}`
  const { rows } = await sql<{
    model: string
    kind: SavingKind
    count: string
    nanoUsd: NanoUsdSum
  }>`
    select model, kind, sum(count) as count, sum(nano_usd) as nano_usd
    from (
      select model, kind, count, nano_usd from daily_savings
      where owner_id = ${ownerId ?? EVERYONE} and ${isWithin(range)}
      union all
      select model, kind, 1, nano_usd from (${tail.savings}) as saved where ${own} and ${isWithin(range)}
    ) as days
    group by model, kind`.execute(tx)
  return rows.map(({ model, kind, count, nanoUsd }) => ({
    model,
    kind,
    count: Number(count),
    nanoUsd: BigInt(nanoUsd),
  }))
}

type Counted = { count: number; nanoUsd: bigint }

/** In billionths of a dollar, so that adding up changes nothing. */
type Sum = Pick<SavingsAmounts, 'calls' | 'paidCalls' | 'clientSkipped'> & {
  spendNanoUsd: bigint
  exact: Counted
  joined: Counted
  similar: Counted
  refused: Counted
  tiers: Counted & { savedNanoUsd: bigint }
}

const NOTHING: Counted = { count: 0, nanoUsd: 0n }
const EMPTY: Sum = {
  calls: 0,
  paidCalls: 0,
  clientSkipped: 0,
  spendNanoUsd: 0n,
  exact: NOTHING,
  joined: NOTHING,
  similar: NOTHING,
  refused: NOTHING,
  tiers: { ...NOTHING, savedNanoUsd: 0n },
}

type Bought = Awaited<ReturnType<typeof readModels>>[number]

const sumOf = (
  bought: Bought | undefined,
  kinds: readonly Saved[],
  shareOf: (tier: string) => number | undefined,
): Sum => {
  const get = (kind: SavingKind): Counted => kinds.find((each) => each.kind === kind) ?? NOTHING
  const tiers = (['flex', 'batch'] as const).map((tier) => ({ ...get(tier), share: shareOf(tier) }))
  return {
    calls: bought?.calls ?? 0,
    paidCalls: bought?.paidCalls ?? 0,
    spendNanoUsd: BigInt(bought?.spendNanoUsd ?? 0),
    exact: get('exact'),
    joined: get('joined'),
    similar: get('similar'),
    refused: get('refused'),
    clientSkipped: get('client').count,
    tiers: tiers.reduce(
      (sum, { count, nanoUsd, share = 1 }) => ({
        count: sum.count + count,
        nanoUsd: sum.nanoUsd + nanoUsd,
        savedNanoUsd: sum.savedNanoUsd + atOnce(nanoUsd, share) - nanoUsd,
      }),
      EMPTY.tiers,
    ),
  }
}

/** What cost so much at a share of the price costs at the whole of it. */
const atOnce = (nanoUsd: bigint, share: number): bigint =>
  BigInt(Math.round(Number(nanoUsd) / share))

const addSums = (a: Sum, b: Sum): Sum => {
  const add = (x: Counted, y: Counted) => ({
    count: x.count + y.count,
    nanoUsd: x.nanoUsd + y.nanoUsd,
  })
  return {
    calls: a.calls + b.calls,
    paidCalls: a.paidCalls + b.paidCalls,
    clientSkipped: a.clientSkipped + b.clientSkipped,
    spendNanoUsd: a.spendNanoUsd + b.spendNanoUsd,
    exact: add(a.exact, b.exact),
    joined: add(a.joined, b.joined),
    similar: add(a.similar, b.similar),
    refused: add(a.refused, b.refused),
    tiers: {
      ...add(a.tiers, b.tiers),
      savedNanoUsd: a.tiers.savedNanoUsd + b.tiers.savedNanoUsd,
    },
  }
}

const savedOf = ({ exact, joined, similar, tiers }: Sum): bigint =>
  exact.nanoUsd + joined.nanoUsd + similar.nanoUsd + tiers.savedNanoUsd

const withoutOf = (sum: Sum): bigint => sum.spendNanoUsd + savedOf(sum)

const present = (sum: Sum): SavingsAmounts => {
  const counted = ({ count, nanoUsd }: Counted) => ({ count, usd: toUsd(nanoUsd) })
  const { exact, joined, similar, refused, tiers } = sum
  return {
    calls: sum.calls,
    paidCalls: sum.paidCalls,
    spendUsd: toUsd(sum.spendNanoUsd),
    reused: { exact: counted(exact), joined: counted(joined), similar: counted(similar) },
    halfPrice: {
      calls: tiers.count,
      spendUsd: toUsd(tiers.nanoUsd),
      savedUsd: toUsd(tiers.savedNanoUsd),
    },
    savedUsd: toUsd(savedOf(sum)),
    withoutUsd: toUsd(withoutOf(sum)),
    refused: counted(refused),
    clientSkipped: sum.clientSkipped,
  }
}
