import { describe, expect, test } from '@jest/globals'
import { wantsAllBackends } from '../support/each-backend.ts'
import { describeWith } from '../support/skip.ts'
import type { Backend } from './result.ts'
import type { Scenario } from './scenario.ts'

/** Some 25 s for the longest on two idle cores; a busy machine takes several times as long. */
const TIMEOUT_MS = 300_000

/** The short form of a scenario as a test on one queue backend, with `TEST_BACKENDS=all` on the other one too. */
export const testShortForm = (scenario: Scenario, backend: Backend): void => {
  const isWanted = (each: Backend) => each === backend || wantsAllBackends()
  const listed = scenario.backends ?? ['postgres', 'redis']
  for (const each of listed.filter(isWanted)) testOn(scenario, each)
}

const testOn = ({ name, run }: Scenario, backend: Backend) => {
  const define = () =>
    test(
      'keeps to every limit',
      async () => {
        const seed = Date.now() % 1_000_000
        const results = await run({ backend, plan: { form: 'short', scale: 1, seed } })
        const breaches = results.filter(({ ok }) => !ok)
        expect({ seed, breaches }).toEqual({ seed, breaches: [] })
      },
      TIMEOUT_MS,
    )
  if (backend === 'redis') describeWith('redis', `chaos: ${name} (BullMQ on Redis)`, define)
  else describe(`chaos: ${name} (BullMQ on Postgres)`, define)
}
