import { type Facts, readFacts } from '../audit/audit.ts'
import { checkAlways, countOf as countWhere } from '../audit/checks.ts'
import { type ChaosClient, createChaosClient } from '../client.ts'
import { inLanes } from '../in-lanes.ts'
import type { Behave } from '../provider.ts'
import { exactly, toResult } from '../result.ts'
import { countOf, type Scenario, type Setting } from '../scenario.ts'
import { settle } from '../settle.ts'
import { type Stack, withStack } from '../stack.ts'
import { providerCases } from './provider-cases.ts'

const SETTLE_TIMEOUT_MS = 120_000
const LANES = 16

const env = {
  WORKER_CONCURRENCY: '32',
  GENERATION_TIMEOUT_MS: '3000',
  LEASE_MS: '10000',
  // Here each generation is to meet its trouble alone.
  BREAKER_FAILURES: '100000',
}

/** Everything that the provider can do wrong, each costing exactly the calls that its rule allows. */
export const provider: Scenario = {
  name: 'provider',
  run: (setting) =>
    withStack({ backend: setting.backend, env }, (stack) => meetEveryTrouble(stack, setting)),
}

const meetEveryTrouble = async (stack: Stack, { backend, plan }: Setting) => {
  const each = countOf(plan, { full: 50, short: 2 })
  stack.provider.behave(actByPrompt())
  const [, worker] = await Promise.all([stack.startApi(), stack.startWorker()])
  await worker.untilReady()
  const client = await createChaosClient(stack)
  await submitAll(client, each)
  await settle(stack, SETTLE_TIMEOUT_MS)

  const [facts, codes] = await Promise.all([readFacts(stack, [client]), readErrorCodes(stack)])
  const line = { scenario: provider.name, backend }
  const endOf = ({ id, status }: Facts) => codes.get(id) ?? status
  const results = Object.entries(providerCases).map(([name, { calls, end }]) => {
    const own = facts.filter(({ prompt }) => nameIn(prompt) === name)
    return toResult(line, name, [
      exactly('generations', own.length, each),
      ...exactlyEach('calls', own, (one) => one.calls, calls),
      exactly(
        `not ${end}`,
        countWhere(own, (one) => endOf(one) !== end),
        0,
      ),
    ])
  })
  return [...results, toResult(line, 'all', checkAlways(stack, facts))]
}

const toPrompt = (name: string, n: number) => `${name}: picture ${n}`
const nameIn = (prompt: string) => prompt.split(':')[0] ?? ''

const submitAll = (client: ChaosClient, each: number) => {
  const prompts = Object.keys(providerCases).flatMap((name) =>
    Array.from({ length: each }, (_, n) => toPrompt(name, n)),
  )
  return inLanes(LANES, prompts, async (prompt) => void (await client.submit(prompt)))
}

const actByPrompt = (): Behave => {
  const callsOf = new Map<string, number>()
  return ({ prompt }) => {
    const place = callsOf.get(prompt) ?? 0
    callsOf.set(prompt, place + 1)
    const steps = providerCases[nameIn(prompt)]?.steps(prompt) ?? []
    return steps[Math.min(place, steps.length - 1)] ?? { kind: 'not_found' }
  }
}

const exactlyEach = <T>(
  name: string,
  items: readonly T[],
  amountOf: (item: T) => number,
  expected: number,
) => {
  const amounts = items.map(amountOf)
  return [
    exactly(`least ${name}`, Math.min(...amounts), expected),
    exactly(`most ${name}`, Math.max(...amounts), expected),
  ]
}

const readErrorCodes = async ({ db }: Stack): Promise<Map<string, string>> => {
  const rows = await db
    .selectFrom('generations')
    .select(['id', 'errorCode'])
    .where('status', '=', 'failed')
    .execute()
  return new Map(rows.map(({ id, errorCode }) => [id, errorCode ?? 'no code']))
}
