import { setTimeout as delay } from 'node:timers/promises'
import { readFacts } from '../audit/audit.ts'
import { checkAlways, countExtraCalls, countOf as countWhere } from '../audit/checks.ts'
import { describeTrouble } from '../audit/describe-trouble.ts'
import { type ChaosClient, createChaosClient } from '../client.ts'
import { type OwnPostgres, startOwnPostgres } from '../postgres.ts'
import { pictureOf } from '../provider.ts'
import { atMost, type Check, exactly, type Result, toResult } from '../result.ts'
import { countOf, type Plan, type Scenario } from '../scenario.ts'
import { settle, settleAccepted } from '../settle.ts'
import { type Stack, withStack } from '../stack.ts'
import {
  type Answer,
  measureAllowance,
  percentile99,
  startSubmissions,
  tally,
} from '../submissions.ts'

const MAX_P99_MS = 2_000
const MAX_RESUME_SECONDS = 30
const PER_SECOND = 10
const CALL_MS = 100
/** Where one connection is enough, ten are. */
const POOL_SIZES = { full: [10, 1], short: [1] }
const CONCURRENCY = 4

type Trouble = {
  name: string
  /** Takes as long as a statement is waited for, which is no time for a test. */
  isFullOnly?: boolean
  happen: (postgres: OwnPostgres, plan: Plan) => Promise<void>
}

const wait = (plan: Plan, seconds: { full: number; short: number }) =>
  delay(countOf(plan, seconds) * 1_000)

const troubles: readonly Trouble[] = [
  {
    name: 'restarted',
    happen: async (postgres, plan) => {
      for (let times = countOf(plan, { full: 5, short: 1 }); times > 0; times--) {
        await wait(plan, { full: 2, short: 1 })
        await postgres.restart()
      }
    },
  },
  {
    name: 'frozen',
    happen: async ({ network }, plan) => {
      network.freeze()
      await wait(plan, { full: 20, short: 2 })
      await network.mend()
    },
  },
  {
    name: 'behind a black hole',
    isFullOnly: true,
    happen: async ({ network }, plan) => {
      network.swallow()
      await wait(plan, { full: 20, short: 3 })
      await network.mend()
    },
  },
]

/** What a worker has under way when its claims lapse, in each trouble. */
const MAX_EXTRA_CALLS = CONCURRENCY * troubles.length

/**
 * Postgres in trouble while submissions keep coming: no process ends, every submission has its answer soon, and what
 * was accepted comes to its end.
 */
export const postgres: Scenario = {
  name: 'postgres',
  run: async ({ backend, plan }) => {
    const results: Result[] = []
    for (const poolSize of POOL_SIZES[plan.form]) {
      const own = await startOwnPostgres()
      const env = {
        DATABASE_URL: own.network.url,
        DATABASE_POOL_SIZE: String(poolSize),
        WORKER_CONCURRENCY: String(CONCURRENCY),
      }
      const meet = (stack: Stack) => meetTroubles(stack, own, plan, poolSize)
      results.push(...(await withStack({ backend, env, database: own }, meet).finally(own.stop)))
    }
    return results
  },
}

const meetTroubles = async (
  stack: Stack,
  own: OwnPostgres,
  plan: Plan,
  poolSize: number,
): Promise<Result[]> => {
  stack.provider.behave(({ prompt }) => pictureOf(prompt, CALL_MS))
  const [, worker] = await Promise.all([stack.startApi(), stack.startWorker()])
  await worker.untilReady()
  const client = await createChaosClient(stack)
  const allowedMs = await measureAllowance(stack, client, {
    perSecond: PER_SECOND,
    allowedMs: MAX_P99_MS,
  })
  const line = { scenario: postgres.name, backend: stack.backend }
  const results: Result[] = []
  for (const trouble of troubles.filter(({ isFullOnly }) => plan.form === 'full' || !isFullOnly)) {
    const happen = () => trouble.happen(own, plan)
    const checks = await meet(stack, client, { name: trouble.name, happen, allowedMs })
    results.push(toResult(line, `${trouble.name}, pool of ${poolSize}`, checks))
  }
  // What was refused may have been taken in all the same, too late for its answer.
  await settle(stack, 2 * MAX_RESUME_SECONDS * 1_000)
  const facts = await readFacts(stack, [client])
  const checks = [
    atMost('extra calls', countExtraCalls(facts), MAX_EXTRA_CALLS),
    exactly(
      'without image',
      countWhere(facts, ({ status }) => status !== 'succeeded'),
      0,
    ),
    ...checkAlways(stack, facts),
  ]
  const details = await describeTrouble(stack, facts)
  return [...results, toResult(line, `all, pool of ${poolSize}`, checks, details)]
}

const meet = async (
  stack: Stack,
  client: ChaosClient,
  { name, happen, allowedMs }: { name: string; happen: () => Promise<void>; allowedMs: number },
): Promise<Check[]> => {
  const submissions = startSubmissions(stack, client, {
    perSecond: PER_SECOND,
    prompt: (n) => `picture ${n} while Postgres is ${name}`,
  })
  await happen()
  const mendedAt = performance.now()
  const answers = await submissions.stop()
  await settleAccepted(stack, client, 2 * MAX_RESUME_SECONDS * 1_000)
  const resumeSeconds = Math.round((performance.now() - mendedAt) / 100) / 10
  return [
    exactly(`wrong answers (of ${tally(answers)})`, countWhere(answers, not(isProper(stack))), 0),
    atMost('p99 (ms)', percentile99(answers), allowedMs),
    atMost('all done after (s)', resumeSeconds, MAX_RESUME_SECONDS),
  ]
}

/** Accepted; where the queue is in the same Postgres also told to come back, with something to show. */
const isProper =
  ({ backend }: Stack) =>
  ({ status, hasRetryAfter, isPlaceholder }: Answer): boolean =>
    status === 202 || (backend === 'postgres' && status === 503 && hasRetryAfter && isPlaceholder)

const not =
  <T>(is: (item: T) => boolean) =>
  (item: T) =>
    !is(item)
