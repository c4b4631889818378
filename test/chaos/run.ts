import { parseArgs } from 'node:util'
import { findOnPath } from '../support/programs.ts'
import { printResults } from './report.ts'
import type { Backend, Result } from './result.ts'
import { runMain } from './run-main.ts'
import type { Plan, Scenario } from './scenario.ts'
import { scenarios } from './scenarios/all.ts'

/*
 * `npm run chaos`: every scenario on every queue backend, then a table of what was found. Exits 1 on any breach.
 *
 *   --only=<name>      one scenario          --backend=redis|postgres   one backend
 *   --short            the form of npm test  --scale=0.1                a tenth of every count
 *   --seed=<number>    repeats what was random in an earlier run
 *   --set=<name>=<n>   a count by its name, as in --set=model-ms=60000; may come several times
 */

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    backend: { type: 'string' },
    short: { type: 'boolean', default: false },
    scale: { type: 'string', default: '1' },
    set: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})

const plan: Plan = {
  form: values.short ? 'short' : 'full',
  scale: Number(values.scale),
  seed: Number(values.seed),
  given: Object.fromEntries(values.set.map(parseCount)),
}

function parseCount(text: string): [name: string, count: number] {
  const [, name = '', count = ''] = /^([a-z-]+)=(\d+)$/.exec(text) ?? []
  if (!name) throw new Error(`--set=${text} is not of the form --set=name=number`)
  return [name, Number(count)]
}

const main = async (): Promise<boolean> => {
  const chosen = scenarios.filter(({ name }) => values.only === undefined || name === values.only)
  if (chosen.length === 0) throw new Error(`There is no scenario ${values.only}`)
  console.log(`node ${process.version}, ${plan.form}, scale ${plan.scale}, seed ${plan.seed}`)
  const results: Result[] = []
  for (const scenario of chosen) {
    for (const backend of listBackends(scenario)) results.push(...(await runOne(scenario, backend)))
  }
  printResults(results)
  return results.every(({ ok }) => ok)
}

const listBackends = ({ backends }: Scenario): Backend[] => {
  const all: Backend[] = findOnPath('redis-server') ? ['redis', 'postgres'] : ['postgres']
  return all.filter(
    (backend) =>
      (values.backend === undefined || backend === values.backend) &&
      (backends === undefined || backends.includes(backend)),
  )
}

/** One that could not be carried out is a breach too, and keeps none of the others from running. */
const runOne = async ({ name, run }: Scenario, backend: Backend): Promise<Result[]> => {
  const startedAt = performance.now()
  try {
    return await run({ backend, plan })
  } catch (error) {
    console.error(error)
    const measured = String(error)
    return [{ scenario: name, backend, what: 'carried out', measured, ok: false, details: [] }]
  } finally {
    const seconds = Math.round((performance.now() - startedAt) / 1_000)
    console.log(`${name} on ${backend}: ${seconds} s`)
  }
}

await runMain(main)
