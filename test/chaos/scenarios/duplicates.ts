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
    withStack({ backend: setting.backend, env: { LEASE_MS: '60000' } }, (stack) =>
      askAllAtOnce(stack, setting),
    ),
}

const askAllAtOnce = async (stack: Stack, { backend, plan }: Setting): Promise<Result[]> => {
  const keys = countOf(plan, { full: 200, short: 20 })
  const copies = countOf(plan, { full: 100, short: 20 })
  const apis = plan.form === 'full' ? 4 : 2
  stack.provider.behave(({ prompt }) => pictureOf(prompt, CALL_MS))
  await stack.startWorker()
  await Promise.all(Array.from({ length: apis }, () => stack.startApi()))
  // Each has an owner of its own: what an owner asks for first is where the most can go wrong.
  const clients = await Promise.all(
    Array.from({ length: keys }, (_, key) => createChaosClient(stack, `owner ${key}`)),
  )
  const answers: Answer[] = []
  await inLanes(KEYS_AT_ONCE, [...clients.entries()], async ([key, client]) => {
    answers.push(...(await askForOne(stack, client, key, copies)))
  })
  await settle(stack, SETTLE_TIMEOUT_MS)
  const facts = await readFacts(stack, clients)
  const bad = answers.filter((answer) => answer !== 'good')
  const line = { scenario: duplicates.name, backend }
  const checks = [
    exactly('good answers', answers.length - bad.length, keys * copies),
    exactly('rows', facts.length, keys),
    exactly('calls', stack.provider.calls.length, keys),
    ...checkAlways(stack, facts),
  ]
  const details = [...bad, ...(await describeTrouble(stack, facts))]
  return [toResult(line, `${keys} x ${copies} on ${apis} APIs`, checks, details)]
}

/** `good`, or what came instead. */
type Answer = string

/** Every other two carry an `Idempotency-Key`. A good answer shows the one generation that all copies share. */
const askForOne = async (
  stack: Stack,
  client: ChaosClient,
  key: number,
  copies: number,
): Promise<Answer[]> => {
  const urls = [...stack.apis].map(({ url }) => url)
  const ids = new Set<string>()
  const ask = async (copy: number): Promise<Answer> => {
    const headers: Record<string, string> =
      (copy >> 1) % 2 === 0 ? { 'Idempotency-Key': `key-${key}` } : {}
    try {
      const url = urls[copy % urls.length] ?? ''
      const sent = await client.submitTo(url, `picture ${key} that many want`, headers)
      if (sent.status >= 300) return `${sent.status} ${JSON.stringify(sent.generation)}`
      ids.add(sent.generation.id)
      return ids.size === 1 ? 'good' : `another generation, ${sent.generation.id}`
    } catch (error) {
      return `no answer: ${error instanceof Error ? (error.cause ?? error) : error}`
    }
  }
  return Promise.all([...Array(copies).keys()].map(ask))
}
