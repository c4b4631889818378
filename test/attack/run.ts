import { parseArgs } from 'node:util'
import { printResults } from '../chaos/report.ts'
import type { Result } from '../chaos/result.ts'
import { runMain } from '../chaos/run-main.ts'
import type { Plan } from '../chaos/scenario.ts'
import type { Attack } from './attack.ts'
import { attacks } from './scenarios/all.ts'
import { withTarget } from './target.ts'

/*
 * `npm run attack`: every attack, each on a server of its own, then a table of what was found. Exits 1 on any breach.
 *
 *   --only=<name>      one attack            --short   the form of npm test
 *   --seed=<number>    repeats what was random in an earlier run
 *   --scale=0.1        a tenth of every count
 */

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    short: { type: 'boolean', default: false },
    scale: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})

const plan: Plan = {
  form: values.short ? 'short' : 'full',
  scale: Number(values.scale),
  seed: Number(values.seed),
}

const main = async (): Promise<boolean> => {
  const chosen = attacks.filter(({ name }) => values.only === undefined || name === values.only)
  if (chosen.length === 0) throw new Error(`There is no attack ${values.only}`)
  const date = new Date().toISOString().slice(0, 10)
  console.log(`${date}, node ${process.version}, ${plan.form}, seed ${plan.seed}`)
  const results: Result[] = []
  for (const attack of chosen) results.push(...(await runOne(attack)))
  printResults(results)
  return results.every(({ ok }) => ok)
}

/** One that could not be carried out is a breach too, and keeps none of the others from running. */
const runOne = async ({ name, run }: Attack): Promise<Result[]> => {
  const startedAt = performance.now()
  try {
    return await withTarget((target) => run(target, plan).finally(target.close))
  } catch (error) {
    console.error(error)
    const line = { scenario: name, backend: 'postgres', what: 'carried out' } as const
    return [{ ...line, measured: String(error), ok: false, details: [] }]
  } finally {
    console.log(`${name}: ${Math.round((performance.now() - startedAt) / 1_000)} s`)
  }
}

await runMain(main)
