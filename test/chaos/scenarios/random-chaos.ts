import { setTimeout as delay } from 'node:timers/promises'
import { type Facts, readFacts } from '../audit/audit.ts'
import { checkAlways, countExtraCalls } from '../audit/checks.ts'
import { describeUneven } from '../audit/describe-uneven.ts'
import { createChaosClient } from '../client.ts'
import { createRandom } from '../random.ts'
import { atMost, type Check, exactly, figure, type Result, toResult } from '../result.ts'
import { countOf, type Scenario, type Setting } from '../scenario.ts'
import { settle } from '../settle.ts'
import { type Stack, startStack } from '../stack.ts'
import { createFaults } from './random-faults.ts'
import { createTrouble, type Trouble } from './random-trouble.ts'

const APIS = 2
const WORKERS = 3
/** Longer than any backoff that a generation may be in when the trouble ends. */
const SETTLE_TIMEOUT_MS = 60_000

/** Everything at once: processes are killed, Redis is emptied, connections break and the provider fails. */
export const randomChaos: Scenario = {
  name: 'random',
  run: async (setting) => {
    const stack = await startStack({
      backend: setting.backend,
      env: { LEASE_MS: '2000', GENERATION_TIMEOUT_MS: '2000', WORKER_CONCURRENCY: '4' },
    })
    try {
      return await makeTrouble(stack, setting)
    } finally {
      await stack.stop()
    }
  },
}

const makeTrouble = async (stack: Stack, { backend, plan }: Setting): Promise<Result[]> => {
  const durationMs = countOf(plan, { full: 600_000, short: 8_000 })
  const generations = countOf(plan, { full: 2_000, short: 60 })
  const meanPauseMs = plan.form === 'full' ? 2_000 : 800
  const random = createRandom(plan.seed)
  const faults = createFaults(random)
  stack.provider.behave(faults.behave)
  await Promise.all(Array.from({ length: APIS }, () => stack.startApi()))
  await Promise.all(Array.from({ length: WORKERS }, () => stack.startWorker()))
  const client = await createChaosClient(stack)
  const trouble = createTrouble(stack, random)

  const startedAt = performance.now()
  const untilTime = (atMs: number) => delay(Math.max(0, startedAt + atMs - performance.now()))
  const askAll = () =>
    Promise.all(
      Array.from({ length: generations }, async (_, n) => {
        await untilTime((durationMs * n) / generations)
        await client.submit(`picture ${n} in troubled times`)
      }),
    )
  const troubleAll = async () => {
    for (let atMs = 0; atMs < durationMs; atMs += meanPauseMs * (0.5 + random())) {
      await untilTime(atMs)
      await trouble.makeOne()
    }
  }
  await Promise.all([askAll(), troubleAll()])
  await settle(stack, SETTLE_TIMEOUT_MS)

  const facts = await readFacts(stack, [client])
  const details = await describeUneven(stack, facts)
  const line = { scenario: randomChaos.name, backend }
  const figures = Object.entries(trouble.counts).map(([name, count]) => figure(name, count))
  return [
    toResult(
      line,
      `seed ${plan.seed}`,
      [
        ...figures,
        figure('requests repeated', client.countFailures()),
        figure('faults', faults.countAll()),
        exactly('crashes', stack.crashes.length, 0),
      ],
      stack.crashes,
    ),
    toResult(
      line,
      'outcome',
      [
        exactly('generations', facts.length, generations),
        figure('failed', facts.filter(({ status }) => status === 'failed').length),
        ...checkAlways(facts),
      ],
      details,
    ),
    toResult(line, 'calls', checkCalls(stack, facts, faults.countCharged(), trouble), details),
  ]
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
