import { readFacts } from '../audit/audit.ts'
import { checkAlways } from '../audit/checks.ts'
import { describeTrouble } from '../audit/describe-trouble.ts'
import { type ChaosClient, createChaosClient } from '../client.ts'
import { inLanes } from '../in-lanes.ts'
import { pictureOf } from '../provider.ts'
import { exactly, type Result, toResult } from '../result.ts'
import { countOf, type Scenario, type Setting } from '../scenario.ts'
import { settle } from '../settle.ts'
import { type Stack, withStack } from '../stack.ts'

/** Long enough for duplicates to meet a generation that waits, one that runs and one that is done. */
const CALL_MS = 100
/** Keys whose duplicates are under way at the same time. */
const KEYS_AT_ONCE = 4
const SETTLE_TIMEOUT_MS = 60_000

/** The same requests again and again at the same moment, over several APIs: each is one row and one paid call. */
export const duplicates: Scenario = {
  name: 'duplicates',
  run: (setting) =>
    withStack({ backend: setting.backend }, (stack) => askAllAtOnce(stack, setting)),
}

const askAllAtOnce = async (stack: Stack, { backend, plan }: Setting): Promise<Result[]> => {
  const keys = countOf(plan, { full: 200, short: 20 })
  const copies = countOf(plan, { full: 100, short: 20 })
  const apis = plan.form === 'full' ? 4 : 2
  stack.provider.behave(({ prompt }) => pictureOf(prompt, CALL_MS))
  await stack.startWorker()
  await Promise.all(Array.from({ length: apis }, () => stack.startApi()))
  const client = await createChaosClient(stack)

  const good: number[] = []
  await inLanes(KEYS_AT_ONCE, [...Array(keys).keys()], async (key) => {
    good.push(await askForOne(stack, client, key, copies))
  })
  await settle(stack, SETTLE_TIMEOUT_MS)
  const facts = await readFacts(stack, [client])
  const line = { scenario: duplicates.name, backend }
  const checks = [
    exactly('good answers', sumOf(good), keys * copies),
    exactly('rows', facts.length, keys),
    exactly('calls', stack.provider.calls.length, keys),
    ...checkAlways(stack, facts),
  ]
  const details = await describeTrouble(stack, facts)
  return [toResult(line, `${keys} x ${copies} on ${apis} APIs`, checks, details)]
}

/** Every other one carries an `Idempotency-Key`. Returns how many were answered with one and the same generation. */
const askForOne = async (
  stack: Stack,
  client: ChaosClient,
  key: number,
  copies: number,
): Promise<number> => {
  const urls = [...stack.apis].map(({ url }) => url)
  const ask = (copy: number) =>
    client.submitTo(
      urls[copy % urls.length] ?? '',
      `picture ${key} that many want`,
      (copy >> 1) % 2 === 0 ? { 'Idempotency-Key': `key-${key}` } : {},
    )
  const answers = await Promise.allSettled([...Array(copies).keys()].map(ask))
  const ids = answers.flatMap((answer) =>
    answer.status === 'fulfilled' && answer.value.status < 300 ? answer.value.generation.id : [],
  )
  return ids.filter((id) => id === ids[0]).length
}

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0)
