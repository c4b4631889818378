import { DEFAULT_IMAGE_SIZE } from '../contract/limits.ts'
import type { Tier } from '../contract/vocabulary.ts'
import { listCallees } from '../generation/providers.ts'
import { formatUsd, type NanoUsd } from '../lib/money.ts'
import type { Config } from './config.ts'
import { openProviders } from './open-providers.ts'

/** What a grace period costs that was set by hand to less than a call may take; undefined where no call costs anything. */
export const describeShortStop = (config: Config): string | undefined => {
  const { stop, worker } = config
  const { workerGraceMs, callMs, flexCallMs = 0, flexGraceMs } = stop
  const { providers } = openProviders(config)
  const { models, defaultModel: model } = providers
  const provider = models.find(({ name }) => name === model)?.provider
  const [callee] = provider ? listCallees(providers, { provider, model }) : []
  const priceOf = (tier: Tier): NanoUsd =>
    callee?.provider.estimateNanoUsd(callee.model, DEFAULT_IMAGE_SIZE, tier) ?? 0
  if (priceOf('standard') === 0) return undefined
  if (workerGraceMs < callMs) {
    return describe(workerGraceMs, callMs, 'GENERATION_TIMEOUT_MS', {
      count: worker.concurrency,
      usd: formatUsd(priceOf('standard')),
    })
  }
  if (flexGraceMs >= flexCallMs) return undefined
  return describe(flexGraceMs, flexCallMs, 'FLEX_TIMEOUT_MS', {
    count: worker.flexConcurrency,
    usd: formatUsd(priceOf('flex')),
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
