import { Redis } from 'ioredis'
import { RateLimiterRedis } from 'rate-limiter-flexible'
import { answerWithin } from '../../lib/time.ts'
import type { ShareCounts } from '../../lib/window-counts.ts'

/** Nobody waits for it, and each process goes on by its own counts meanwhile. */
const TIMEOUT_MS = 2_000

type Options = {
  url: string
  /** Under which an installation's keys stand; rejects until that is known. */
  findPrefix: () => Promise<string>
}

/** The sums of all processes in Redis, on Redis's clock. Release with `close`. */
export const createRedisCounts = ({ url, findPrefix }: Options) => {
  const redis = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    maxRetriesPerRequest: 0,
    commandTimeout: TIMEOUT_MS,
    connectTimeout: TIMEOUT_MS,
    disconnectTimeout: 100,
  })
  // What it leads to is reported by those who ask.
  redis.on('error', () => {})

  const share: ShareCounts = async (untold, windowMs) => {
    if (redis.status === 'wait') await answerWithin(redis.connect(), TIMEOUT_MS, 'no answer')
    const sums = new RateLimiterRedis({
      storeClient: redis,
      keyPrefix: await findPrefix(),
      points: Number.MAX_SAFE_INTEGER,
      duration: windowMs / 1_000,
      rejectIfRedisNotReady: true,
    })
    const added = untold.map(({ key, points }) => sums.penalty(key, points))
    return (await Promise.all(added)).map(({ consumedPoints, msBeforeNext }) => ({
      used: consumedPoints,
      leftMs: msBeforeNext,
    }))
  }
  const close = (): void => redis.disconnect()
  return { share, close }
}
