import { setTimeout as delay } from 'node:timers/promises'
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts'
import { readFacts } from '../audit/audit.ts'
import { checkAlways, countExtraCalls, countOf as countWhere } from '../audit/checks.ts'
import { type ChaosClient, createChaosClient } from '../client.ts'
import { pictureOf } from '../provider.ts'
import type { OwnRedis } from '../redis.ts'
import { atMost, exactly, type Result, toResult } from '../result.ts'
import { countOf, type Plan, type Scenario } from '../scenario.ts'
import { settle } from '../settle.ts'
import { type Stack, withStack } from '../stack.ts'
import { measureAllowance, percentile99, startSubmissions, tally } from '../submissions.ts'

const MAX_P99_MS = 1_000
const MAX_RESUME_SECONDS = 30
const PER_SECOND = 10
const SETTLE_TIMEOUT_MS = 180_000
const CALL_MS = 100

type Trouble = {
  name: string
  seconds: number
  begin: (redis: OwnRedis, proxy: TcpProxy) => Promise<void> | void
  end: (redis: OwnRedis, proxy: TcpProxy) => Promise<void> | void
}

const troubles: readonly Trouble[] = [
  { name: 'frozen', seconds: 60, begin: (redis) => redis.freeze(), end: (redis) => redis.thaw() },
  {
    name: 'behind a black hole',
    seconds: 60,
    begin: (_redis, proxy) => proxy.swallow(),
    end: (_redis, proxy) => proxy.mend(),
  },
  {
    name: 'killed',
    seconds: 15,
    begin: (redis) => redis.stop(),
    end: (redis) => redis.startAgain(),
  },
  {
    name: 'out of memory',
    seconds: 15,
    begin: (redis) => redis.configure('maxmemory', '1'),
    end: (redis) => redis.configure('maxmemory', '0'),
  },
  {
    name: 'evicting',
    seconds: 15,
    begin: async (redis) => {
      await redis.configure('maxmemory-policy', 'allkeys-lru')
      await squeeze(redis)
    },
    end: async (redis) => {
      await redis.configure('maxmemory', '0')
      await redis.configure('maxmemory-policy', 'noeviction')
    },
  },
]

/** Takes away memory until it has cost a key; connections come and go, so what is used at a moment is no bound yet. */
const squeeze = async (redis: OwnRedis): Promise<void> => {
  for (let lessBytes = 0; (await redis.readInfo('evicted_keys')) === 0; lessBytes += STEP_BYTES) {
    await redis.configure('maxmemory', String((await redis.readInfo('used_memory')) - lessBytes))
  }
}

const STEP_BYTES = 4_096

const SHORT_SECONDS = 1

/** Redis in trouble while submissions keep coming: every one is accepted soon, and none is lost. */
export const redis: Scenario = {
  name: 'redis',
  backends: ['redis'],
  run: ({ backend, plan }) =>
    withStack({ backend, env: { WORKER_CONCURRENCY: '8' } }, async (stack) => {
      const proxy = await startTcpProxy({ host: '127.0.0.1', port: stack.redis?.port ?? 0 })
      return meetTroubles(stack, proxy, plan).finally(proxy.close)
    }),
}

const meetTroubles = async (stack: Stack, proxy: TcpProxy, plan: Plan): Promise<Result[]> => {
  const env = { REDIS_URL: `redis://127.0.0.1:${proxy.port}` }
  stack.provider.behave(({ prompt }) => pictureOf(prompt, CALL_MS))
  const [, worker] = await Promise.all([stack.startApi({ env }), stack.startWorker({ env })])
  await worker.untilReady()
  const client = await createChaosClient(stack)
  const allowedMs = await measureAllowance(stack, client, {
    perSecond: PER_SECOND,
    allowedMs: MAX_P99_MS,
  })
  const results: Result[] = []
  for (const trouble of troubles) {
    results.push(await meet(stack, proxy, client, { plan, trouble, allowedMs }))
  }
  const facts = await readFacts(stack, [client])
  const evicted = (await stack.redis?.readInfo('evicted_keys')) ?? 0
  const failed = countWhere(facts, ({ status }) => status !== 'succeeded')
  results.push(
    toResult({ scenario: redis.name, backend: stack.backend }, 'all', [
      { name: 'evicted keys', measured: evicted, min: 1 },
      exactly('extra calls', countExtraCalls(facts), 0),
      exactly('without image', failed, 0),
      ...checkAlways(stack, facts),
    ]),
  )
  return results
}

const meet = async (
  stack: Stack,
  proxy: TcpProxy,
  client: ChaosClient,
  { plan, trouble, allowedMs }: { plan: Plan; trouble: Trouble; allowedMs: number },
): Promise<Result> => {
  const { name, seconds, begin, end } = trouble
  if (!stack.redis) throw new Error('there is no Redis')
  const submissions = startSubmissions(stack, client, {
    perSecond: PER_SECOND,
    prompt: (n) => `picture ${n} while Redis is ${name}`,
  })
  await begin(stack.redis, proxy)
  await delay(countOf(plan, { full: seconds, short: SHORT_SECONDS }) * 1_000)
  await end(stack.redis, proxy)
  const mendedAt = new Date()
  const answers = await submissions.stop()
  await settle(stack, SETTLE_TIMEOUT_MS)
  return toResult({ scenario: redis.name, backend: stack.backend }, name, [
    exactly(
      `not accepted (of ${tally(answers)})`,
      countWhere(answers, ({ status }) => status !== 202),
      0,
    ),
    atMost('p99 (ms)', percentile99(answers), allowedMs),
    atMost('work again after (s)', await readResumption(stack, mendedAt), MAX_RESUME_SECONDS),
  ])
}

/** Seconds until the first generation was finished; NaN when none was. */
const readResumption = async ({ db }: Stack, mendedAt: Date): Promise<number> => {
  const { first } = await db
    .selectFrom('generations')
    .select((eb) => eb.fn.min('finishedAt').as('first'))
    .where('finishedAt', '>', mendedAt)
    .executeTakeFirstOrThrow()
  return first ? (first.getTime() - mendedAt.getTime()) / 1_000 : Number.NaN
}
