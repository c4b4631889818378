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
/** Of a worker, with a provider that is silent. */
const PATIENCE_MS = '3000'

const env = {
  WORKER_CONCURRENCY: '32',
  LEASE_MS: '60000',
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
  await stack.startApi()
  const client = await createChaosClient(stack)
  const meet = async (isSilent: boolean, changes: Record<string, string>) => {
    const worker = await stack.startWorker({ env: changes })
    await worker.untilReady()
    await submitAll(client, listCases(isSilent), each)
    await settle(stack, SETTLE_TIMEOUT_MS)
    worker.signal('SIGTERM')
    await worker.ended
  }
  await meet(false, {})
  // Only where silence is to be given up is a call cut short: elsewhere a slow machine would be what cuts it.
  await meet(true, { GENERATION_TIMEOUT_MS: PATIENCE_MS })

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

const listCases = (isSilent: boolean): string[] =>
  Object.keys(providerCases).filter((name) => Boolean(providerCases[name]?.isSilent) === isSilent)

const submitAll = (client: ChaosClient, names: readonly string[], each: number) => {
  const prompts = names.flatMap((name) => Array.from({ length: each }, (_, n) => toPrompt(name, n)))
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
