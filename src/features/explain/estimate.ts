import type { GenerationRow } from '../../../db/schema.ts'
import type { ExplainedImage } from '../../contract/explanation.ts'
import { findListPriceUsd } from '../../contract/list-price.ts'
import type { Provider } from '../../generation/ports.ts'
import type { Standing } from '../../generation/state/foresee-insert.ts'
import type { CallKind, RecentCalls } from './recent-calls.ts'

export type Price = ExplainedImage['price']
export type Estimate = NonNullable<ExplainedImage['expected']>

type Wanted = Pick<GenerationRow, 'provider' | 'model' | 'imageSize' | 'conditionImageDigest'>

/** What a call would cost: by what such calls have cost lately, else by the list. `besidesUsd`: what comparing its prompt may. */
export const priceOf = (
  calls: RecentCalls,
  wanted: Wanted,
  { models, estimateUsd }: Pick<Provider, 'models' | 'estimateUsd'>,
  besidesUsd: number,
): Price => {
  const { model, imageSize } = wanted
  const atMostUsd = estimateUsd(model, imageSize) + besidesUsd
  const listUsd = findListPriceUsd(models, model, imageSize)
  if (atMostUsd === 0 && listUsd === 0) return { atMostUsd: 0, expectedUsd: 0, basis: 'free' }
  const lately = calls.find(kindOf(wanted))
  return {
    atMostUsd: round(atMostUsd),
    expectedUsd: round(lately?.meanUsd ?? listUsd),
    basis: lately ? 'calls' : 'list',
  }
}

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

const kindOf = ({ provider, model, imageSize, conditionImageDigest }: Wanted): CallKind => ({
  provider,
  model,
  imageSize,
  isConditioned: conditionImageDigest !== null,
})

/** To the millionth of a dollar. */
const round = (usd: number): number => Math.round(usd * 1e6) / 1e6
