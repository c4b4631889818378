import { DEFAULT_IMAGE_SIZE } from '../contract/limits.ts'
import { findListPriceUsd } from '../contract/list-price.ts'
import type { Config } from './config.ts'
import { openProviders } from './open-providers.ts'

/** What a grace period costs that was set by hand to less than a call may take; undefined where no call costs anything. */
export const describeShortStop = (config: Config): string | undefined => {
  const { workerGraceMs, callMs } = config.stop
  if (workerGraceMs >= callMs) return undefined
  const { models, defaultModel } = openProviders(config).providers
  const usd = findListPriceUsd(models, defaultModel, DEFAULT_IMAGE_SIZE)
  if (usd === 0) return undefined
  return (
    `SHUTDOWN_GRACE_MS is ${workerGraceMs}, and a call with its storing may take ${callMs} (GENERATION_TIMEOUT_MS and 30 s). ` +
    `Each stop of a worker cuts off the calls that take longer, up to ${config.worker.concurrency}: ` +
    `each may be charged ($${usd} for an image of ${DEFAULT_IMAGE_SIZE}) and is made again. Leave it unset, or set ${callMs} or more.`
  )
}
