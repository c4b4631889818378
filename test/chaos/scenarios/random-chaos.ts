import { setTimeout as delay } from 'node:timers/promises'
import { type Facts, readFacts } from '../audit/audit.ts'
import { checkAlways, countExtraCalls } from '../audit/checks.ts'
import { describeTrouble } from '../audit/describe-trouble.ts'
import { checkBooks } from '../audit/money.ts'
import { type ChaosClient, createChaosClient } from '../client.ts'
import { createRandom } from '../random.ts'
import { atMost, type Check, exactly, figure, type Result, toResult } from '../result.ts'
import { countOf, type Plan, type Scenario, type Setting } from '../scenario.ts'
import { settle } from '../settle.ts'
import { type Stack, withStack } from '../stack.ts'
import { createFaults } from './random-faults.ts'
import { createTrouble, type Trouble } from './random-trouble.ts'

const APIS = 2
const WORKERS = 3
/** Longer than any backoff that a generation may be in when the trouble ends. */
const SETTLE_TIMEOUT_MS = 60_000

/** Everything at once: processes are killed, Redis is emptied, connections break and the provider fails. */
export const randomChaos: Scenario = {
  name: 'random',
  run: (setting) =>
    withStack(
      {
        backend: setting.backend,
        env: { GENERATION_TIMEOUT_MS: '5000', WORKER_CONCURRENCY: '4' },
      },
      (stack) => runInTrouble(stack, setting),
    ),
}

const runInTrouble = async (stack: Stack, { backend, plan }: Setting): Promise<Result[]> => {
  const generations = countOf(plan, { full: 2_000, short: 60 })
  const random = createRandom(plan.seed)
  const faults = createFaults(random)
  const trouble = createTrouble(stack, random)
  stack.provider.behave(faults.behave)
  await Promise.all(Array.from({ length: APIS }, () => stack.startApi()))
  await Promise.all(Array.from({ length: WORKERS }, () => stack.startWorker()))
  const client = await createChaosClient(stack)
  await Promise.all([
    askSteadily(client, generations, durationOf(plan)),
    makeTroubleSteadily(trouble, random, plan),
  ])
  await settle(stack, SETTLE_TIMEOUT_MS)

  const facts = await readFacts(stack, [client])
  const details = await describeTrouble(stack, facts)
  const line = { scenario: randomChaos.name, backend }
  const happened = [
    ...Object.entries(trouble.counts).map(([name, count]) => figure(name, count)),
    figure('requests repeated', client.countFailures()),
    figure('faults', faults.countAll()),
  ]
  const outcome = [
    exactly('generations', facts.length, generations),
    figure('failed', facts.filter(({ status }) => status === 'failed').length),
    ...checkAlways(stack, facts),
    ...(await checkBooks(stack.db)),
  ]
  const calls = checkCalls(stack, facts, faults.countCharged(), trouble)
  return [
    toResult(line, `seed ${plan.seed}`, happened),
    toResult(line, 'outcome', outcome, details),
    toResult(line, 'calls', calls, details),
  ]
}

const durationOf = (plan: Plan): number => countOf(plan, { full: 600_000, short: 8_000 })

/** Between two troubles, on average. */
const pauseOf = ({ form }: Plan): number => (form === 'full' ? 2_000 : 800)

const askSteadily = async (
  client: ChaosClient,
  generations: number,
  durationMs: number,
): Promise<void> => {
  const ask = async (_: unknown, n: number) => {
    await delay((durationMs * n) / generations)
    await client.submit(`picture ${n} in troubled times`)
  }
  await Promise.all(Array.from({ length: generations }, ask))
}

const makeTroubleSteadily = async (
  { makeOne }: Trouble,
  random: () => number,
  plan: Plan,
): Promise<void> => {
  const endsAt = performance.now() + durationOf(plan)
  while (performance.now() < endsAt) {
    await delay(pauseOf(plan) * (0.5 + random()))
    await makeOne()
  }
}

/*
 * How many charged calls there may be beyond one a generation. A call brings its image unless
 * - the provider charged and failed it (a fault that is not a refusal), or
 * - its worker was killed between the intent and the outcome: all attempts that the killed worker left without an
 *   outcome are counted, though some of their calls were not sent yet, and some were on disk and are adopted.
 * Nothing else is allowed for: neither a connection that breaks nor an emptied Redis may cost a call.
 */
const checkCalls = (
  { provider }: Stack,
  facts: readonly Facts[],
  chargedFaults: number,
  trouble: Trouble,
): Check[] => [
  figure('calls', provider.calls.length),
  figure('in flight at kills', trouble.inFlightAtKills.size),
  figure('charged faults', chargedFaults),
  atMost('extra calls', countExtraCalls(facts), trouble.inFlightAtKills.size + chargedFaults),
]
