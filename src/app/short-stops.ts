import { createGeminiPrices } from '../adapters/providers/gemini-prices.ts'
import { DEFAULT_IMAGE_SIZE } from '../contract/limits.ts'
import type { Tier } from '../contract/vocabulary.ts'
import { formatUsd } from '../lib/money.ts'
import type { Config } from './config.ts'

/** What a grace period costs that was set by hand to less than a call may take; undefined where no call costs anything. */
export const describeShortStop = ({ stop, gemini, prices, worker }: Config): string | undefined => {
  const { workerGraceMs, callMs, flexCallMs = 0, flexGraceMs } = stop
  if (!gemini) return undefined
  const priceOf = (tier: Tier) =>
    formatUsd(createGeminiPrices(prices).estimateCall(gemini.model, DEFAULT_IMAGE_SIZE, tier))
  if (workerGraceMs < callMs) {
    return describe(workerGraceMs, callMs, 'GENERATION_TIMEOUT_MS', {
      count: worker.concurrency,
      usd: priceOf('standard'),
    })
  }
  if (flexGraceMs >= flexCallMs) return undefined
  return describe(flexGraceMs, flexCallMs, 'FLEX_TIMEOUT_MS', {
    count: worker.flexConcurrency,
    usd: priceOf('flex'),
  })
}

const describe = (
  graceMs: number,
  callMs: number,
  setting: 'GENERATION_TIMEOUT_MS' | 'FLEX_TIMEOUT_MS',
  { count, usd }: { count: number; usd: string },
): string =>
  `SHUTDOWN_GRACE_MS is ${graceMs}, and a call with its storing may take ${callMs} (${setting} and 30 s). ` +
  `Each stop of a worker cuts off the calls that take longer, up to ${count}: ` +
  `each may be charged ($${usd} for an image of ${DEFAULT_IMAGE_SIZE}) and is made again. Leave it unset, or set ${callMs} or more.`
