import { expect, test } from '@jest/globals'
import { describeEachBackend } from '../support/each-backend.ts'
import type { Scenario } from './scenario.ts'

/** Some 25 s for the longest on two idle cores; a busy machine takes several times as long. */
const TIMEOUT_MS = 300_000

/** The short form of a scenario as tests, one on each queue backend. */
export const testShortForm = ({ name, run }: Scenario): void => {
  describeEachBackend(`chaos: ${name}`, (backend) => {
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
  })
}
