import { readFacts } from '../audit/audit.ts'
import { checkAlways } from '../audit/checks.ts'
import { describeTrouble } from '../audit/describe-trouble.ts'
import { checkBooks } from '../audit/money.ts'
import { createChaosClient } from '../client.ts'
import { atMost, exactly, type Result, toResult } from '../result.ts'
import { countOf, type Scenario, type Setting } from '../scenario.ts'
import { type Stack, withStack } from '../stack.ts'
import { stopAndWake } from './stop-and-wake.ts'

/** As many as two cores can start and wake without being late for a lease by themselves. */
const AT_ONCE = 5

/**
 * Workers that stand still for three leases while their call is out, as a machine that is suspended does. Another
 * worker finishes what they had; what they do when they wake changes nothing.
 */
export const stoppedWorker: Scenario = {
  name: 'stopped-worker',
  run: (setting) =>
    withStack(
      { backend: setting.backend, env: { LEASE_MS: '2000', WORKER_CONCURRENCY: '1' } },
      (stack) => stopMany(stack, setting),
    ),
}

const stopMany = async (stack: Stack, { backend, plan }: Setting): Promise<Result[]> => {
  const stops = countOf(plan, { full: 20, short: 2 })
  await stack.startApi()
  const client = await createChaosClient(stack)
  let lateChanges = 0
  const prompts = Array.from({ length: stops }, (_, n) => `picture ${n} of a sleeper`)
  for (let first = 0; first < stops; first += AT_ONCE) {
    lateChanges += await stopAndWake(stack, client, prompts.slice(first, first + AT_ONCE))
  }
  const facts = await readFacts(stack, [client])
  const calls = facts.map((each) => each.calls)
  const line = { scenario: stoppedWorker.name, backend }
  const checks = [
    exactly('taken over', calls.filter((count) => count > 1).length, stops),
    atMost('most calls', Math.max(...calls), 2),
    exactly('late changes', lateChanges, 0),
    ...checkAlways(stack, facts),
    ...(await checkBooks(stack.db)),
  ]
  const details = await describeTrouble(stack, facts)
  return [toResult(line, `${stops} workers stopped`, checks, details)]
}
