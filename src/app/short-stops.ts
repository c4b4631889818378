import { createGeminiPrices } from '../adapters/providers/gemini-prices.ts'
import { DEFAULT_IMAGE_SIZE } from '../contract/limits.ts'
import { formatUsd } from '../lib/money.ts'
import type { Config } from './config.ts'

/** What a grace period costs that was set by hand to less than a call may take; undefined where no call costs anything. */
export const describeShortStop = ({ stop, gemini, prices, worker }: Config): string | undefined => {
  const { workerGraceMs, callMs } = stop
  if (!gemini || workerGraceMs >= callMs) return undefined
  const usd = formatUsd(createGeminiPrices(prices).estimateCall(gemini.model, DEFAULT_IMAGE_SIZE))
  return (
    `SHUTDOWN_GRACE_MS is ${workerGraceMs}, and a call with its storing may take ${callMs} (GENERATION_TIMEOUT_MS and 30 s). ` +
    `Each stop of a worker cuts off the calls that take longer, up to ${worker.concurrency}: ` +
    `each may be charged ($${usd} for an image of ${DEFAULT_IMAGE_SIZE}) and is made again. Leave it unset, or set ${callMs} or more.`
  )
}
