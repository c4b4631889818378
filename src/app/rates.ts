import { createRates } from '../adapters/http/rates/rates.ts'
import { prefixOf } from '../adapters/queue/enter-queue.ts'
import { createPostgresCounts } from '../adapters/rates/postgres-counts.ts'
import { createRedisCounts } from '../adapters/rates/redis-counts.ts'
import { createRareLog, type Logger } from '../lib/logger.ts'
import type { ShareCounts } from '../lib/window-counts.ts'
import type { Config } from './config.ts'
import type { Resources } from './resources.ts'

/** An hour of a store that is away is one line a minute. */
const LOG_EVERY_MS = 60_000

/** What bounds the rates of an API process, counting together with all others through Redis, or Postgres where there is none. */
export const openRates = (config: Config, resources: Resources, logger: Logger) =>
  createRates({
    ...config.rates,
    share: openCounts(config, resources),
    onError: createRareLog(
      (fields) => logger.warn(fields, 'rates are counted by each process for itself'),
      LOG_EVERY_MS,
    ),
    onForwarded: config.http.trustedProxies === undefined ? reportForwarded(logger) : undefined,
  })

const reportForwarded = (logger: Logger) => {
  let isReported = false
  return (): void => {
    if (isReported) return
    isReported = true
    logger.warn(
      'TRUSTED_PROXIES: A proxy forwards requests and is not believed, so that all who come through it count as one address. Say how many proxies stand in front, or where they are.',
    )
  }
}

const openCounts = (config: Config, { backend, db, push }: Resources): ShareCounts => {
  if (backend.kind === 'postgres') return createPostgresCounts(db)
  const { url, findInstallation } = backend
  const findPrefix = async () => `${prefixOf(await findInstallation())}:${config.queue.name}:rates`
  const { share, close } = createRedisCounts({ url, findPrefix })
  push(close)
  return share
}
