import { Redis } from 'ioredis'
import {
  chainOf,
  type Explanation,
  explainNetwork,
  type Finding,
  findCode,
} from '../../lib/finding.ts'

const PATIENCE_MS = 2_000
const MIN_REDIS_VERSION = [6, 2] as const
const SETTING = 'REDIS_URL'

/**
 * Looks whether Redis is there, keeps what it is given, and lets its user do what BullMQ does with a queue's keys. Leaves nothing
 * behind. Never rejects.
 */
export const examineRedis = async (url: string, queueName: string): Promise<Finding[]> => {
  const redis = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    enableReadyCheck: false,
    connectTimeout: PATIENCE_MS,
    commandTimeout: PATIENCE_MS,
  })
  let refusal: Error | undefined
  redis.on('error', (error) => {
    refusal ??= error
  })
  try {
    await redis.connect()
    const findings = await examine(redis, `bull:${queueName}:examination`)
    return (refusal ? [explainRedis(refusal)] : findings).map(toFinding)
  } catch (error) {
    return [toFinding(explainRedis(refusal ?? error))]
  } finally {
    redis.disconnect()
  }
}

const toFinding = (explanation: Explanation): Finding => ({ part: 'queue', ...explanation })

const examine = async (redis: Redis, key: string): Promise<Explanation[]> => {
  // BullMQ does not work without it either.
  const info = await redis.info()
  await redis.eval(EVERY_KIND_OF_COMMAND, 1, key)
  await redis.bzpopmin(key, SHORTEST_WAIT_SECONDS)
  const [major = 0, minor = 0] = (/redis_version:(\d+)\.(\d+)/.exec(info) ?? [])
    .slice(1)
    .map(Number)
  const [minMajor, minMinor] = MIN_REDIS_VERSION
  if (major > 0 && (major < minMajor || (major === minMajor && minor < minMinor))) {
    return [tooOld(`${major}.${minor}`)]
  }
  const policy = /maxmemory_policy:(\S+)/.exec(info)?.[1]
  if (policy && policy !== 'noeviction') return [evicting(policy)]
  return [
    {
      kind: 'good',
      setting: SETTING,
      found: `Redis ${major}.${minor}; it takes jobs and evicts none.`,
    },
  ]
}

/** BullMQ's scripts run commands of these kinds, on keys that begin as this one does. */
const EVERY_KIND_OF_COMMAND = `
  local key = KEYS[1]
  redis.call('SET', key, 1, 'PX', 1000) redis.call('DEL', key)
  redis.call('HSET', key, 'a', 1) redis.call('DEL', key)
  redis.call('RPUSH', key, 1) redis.call('DEL', key)
  redis.call('ZADD', key, 1, 'a') redis.call('DEL', key)
  redis.call('XADD', key, 'MAXLEN', '~', 1, '*', 'a', 1) redis.call('DEL', key)`

const SHORTEST_WAIT_SECONDS = 0.01

/** What an error of Redis or its driver means to an operator. */
export const explainRedis = (error: unknown): Explanation => {
  const text = chainOf(error)
    .map(({ message }: { message?: string }) => message)
    .join(' ')
  const [, said] = ANSWERS.find(([pattern]) => pattern.test(text)) ?? []
  const network = said ?? explainNetwork(error)
  return {
    setting: SETTING,
    ...(network ?? {
      kind: 'away',
      found: `Redis does not work (${findCode(error) ?? 'unknown error'}).`,
    }),
  }
}

const ANSWERS: [RegExp, Omit<Explanation, 'setting'>][] = [
  [
    /WRONGPASS|NOAUTH|invalid password|AUTH .*without any password/,
    {
      kind: 'wrong',
      found: 'Redis refuses the user or the password.',
      remedy: 'Correct them.',
    },
  ],
  [
    /NOPERM|No permissions|can't access at least one of the keys/,
    {
      kind: 'wrong',
      found: 'The user may not do what BullMQ does.',
      remedy: 'Allow it: ACL SETUSER … ~bull:* +@all -@dangerous +info.',
    },
  ],
  [
    /DB index is out of range/,
    { kind: 'wrong', found: 'There is no database of that number.', remedy: 'Correct the number.' },
  ],
  [
    /READONLY|read only replica/,
    {
      kind: 'away',
      found: 'It takes no writes: it is a replica.',
      remedy: 'Give the address of the primary.',
    },
  ],
  [
    /\bOOM\b/,
    {
      kind: 'away',
      found: 'Redis is out of memory.',
      remedy: 'Raise its maxmemory.',
    },
  ],
  [
    /^MOVED|CLUSTER|cross.?slot/i,
    {
      kind: 'wrong',
      found: 'It is a cluster, which is not supported.',
      remedy: 'Give a Redis of its own, or leave REDIS_URL out.',
    },
  ],
  [/LOADING/, { kind: 'away', found: 'Redis is loading its data.' }],
]

const tooOld = (version: string): Explanation => ({
  kind: 'wrong',
  setting: SETTING,
  found: `Redis 6.2 or later is needed, this is a ${version}.`,
  remedy: 'Upgrade it.',
})

/** Postgres makes good what is lost, at the price of a delay. */
const evicting = (policy: string): Explanation => ({
  kind: 'costly',
  setting: SETTING,
  found: `Redis may evict jobs (maxmemory-policy ${policy}).`,
  remedy: 'Set it to noeviction.',
})
