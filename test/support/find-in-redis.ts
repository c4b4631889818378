import { Redis } from 'ioredis'

/** The keys of a Redis in whose name or value one of these texts stands. */
export const findInRedis = async (url: string, texts: readonly string[]): Promise<string[]> => {
  const redis = new Redis(url)
  try {
    const found: string[] = []
    for await (const keys of redis.scanStream({ count: 1_000 })) {
      for (const key of keys as string[]) {
        if (await isPassing(redis, key)) continue
        const value = `${key} ${JSON.stringify(await readKey(redis, key))}`
        if (texts.some((text) => value.includes(text))) found.push(key)
      }
    }
    return found
  } finally {
    redis.disconnect()
  }
}

const PASSING_MS = 120_000

/** Counts of a minute go by themselves. */
const isPassing = async (redis: Redis, key: string): Promise<boolean> => {
  const leftMs = await redis.pttl(key)
  return leftMs >= 0 && leftMs <= PASSING_MS
}

const readKey = async (redis: Redis, key: string): Promise<unknown> => {
  switch (await redis.type(key)) {
    case 'hash':
      return redis.hgetall(key)
    case 'list':
      return redis.lrange(key, 0, -1)
    case 'set':
      return redis.smembers(key)
    case 'zset':
      return redis.zrange(key, 0, '-1')
    case 'stream':
      return redis.xrange(key, '-', '+')
    default:
      return redis.get(key)
  }
}
