import type { GenerationRow } from '../../../db/schema.ts'
import type { ExplainedImage } from '../../contract/explanation.ts'
import type { Tier } from '../../contract/vocabulary.ts'
import type { Callee } from '../../generation/ports.ts'
import type { Standing } from '../../generation/state/foresee-insert.ts'
import type { NanoUsd } from '../../lib/money.ts'
import type { CallKind, RecentCalls } from './recent-calls.ts'

/** What a call may cost, and what it probably would. */
export type Price = {
  atMostNanoUsd: NanoUsd
  expectedNanoUsd: NanoUsd
  basis: ExplainedImage['price']['basis']
  /** Absent where nothing is paid for. */
  tier?: Tier
}
export type Estimate = NonNullable<ExplainedImage['expected']>

type Wanted = Pick<
  GenerationRow,
  'provider' | 'model' | 'imageSize' | 'conditionImageDigest' | 'tier'
>

/** What a call would cost: by what such calls have cost lately, else by the list. `besidesNanoUsd`: what comparing its prompt may. */
export const priceOf = (
  calls: RecentCalls,
  wanted: Wanted,
  callee: Callee | undefined,
  besidesNanoUsd: NanoUsd,
): Price => {
  const { imageSize } = wanted
  const tier = wanted.tier ?? 'standard'
  const listNanoUsd = callee?.provider.estimateNanoUsd(callee.model, imageSize, tier) ?? 0
  const atMostNanoUsd = listNanoUsd + besidesNanoUsd
  if (atMostNanoUsd === 0) return FREE
  const lately = calls.find(kindOf(wanted))
  return {
    atMostNanoUsd,
    expectedNanoUsd: lately?.meanNanoUsd ?? listNanoUsd,
    basis: lately ? 'calls' : 'list',
    tier,
  }
}

/** Of what nothing is paid for. */
export const FREE: Price = { atMostNanoUsd: 0, expectedNanoUsd: 0, basis: 'free' }

type Place = {
  /** Undefined for one that runs. */
  queuePosition: number | undefined
  startedAt?: Date | null
}

/** How long it would take; undefined where no such image was made lately, or nobody is there to make one. */
export const estimate = (
  calls: RecentCalls,
  { asOf, running }: Standing,
  wanted: Wanted,
  { queuePosition, startedAt }: Place,
): Estimate | undefined => {
  const { capacity } = calls
  const makeMs = calls.find(kindOf(wanted))?.medianMs
  if (makeMs === undefined || capacity === 0) return undefined
  if (queuePosition === undefined) {
    const ranMs = startedAt ? asOf.getTime() - startedAt.getTime() : 0
    return toEstimate(0, Math.max(0, makeMs - ranMs))
  }
  const free = Math.max(0, capacity - running)
  const rounds = queuePosition <= free ? 0 : Math.ceil((queuePosition - free) / capacity)
  return toEstimate(rounds * makeMs, makeMs)
}

const toEstimate = (waitMs: number, makeMs: number): Estimate => {
  const [wait, make] = [Math.round(waitMs), Math.round(makeMs)]
  return { waitMs: wait, makeMs: make, totalMs: wait + make }
}

const kindOf = ({ provider, model, imageSize, conditionImageDigest, tier }: Wanted): CallKind => ({
  provider,
  model,
  imageSize,
  isConditioned: conditionImageDigest !== null,
  tier: tier ?? 'standard',
})
