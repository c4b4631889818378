import { parseArgs } from 'node:util'
import { startServices } from '../support/services.ts'
import { checkTable } from './check-table.ts'
import { type Copy, makeCopy } from './copy.ts'
import { withMigrationsOf } from './migrate-anew.ts'
import type { Mutation } from './mutation.ts'
import { mutations } from './mutations.ts'
import { runTests } from './run-tests.ts'

const HELP = `Breaks one guarded line after the other in a copy of the code, and sees that a test notices.

  npm run mutate                       every mutation of test/mutate/mutations
  npm run mutate -- --only=fence,cap   those whose names hold one of these words
  npm run mutate -- --list             their names, and nothing else

Exits with 1 when one survives, and when one can't be applied to the code as it stands.`

type Verdict = 'noticed' | 'SURVIVED' | 'ERROR'
type Line = { mutation: Mutation; verdict: Verdict; seconds: number; details: string }

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      list: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const words = values.only?.split(',') ?? ['']
  const chosen = mutations.filter(({ name }) => words.some((word) => name.includes(word)))
  if (values.help) console.log(HELP)
  if (values.list) console.log(chosen.map(({ name, why }) => `${name}: ${why}`).join('\n'))
  if (values.help || values.list) return 0
  const problems = await checkTable(process.cwd(), mutations)
  if (chosen.length === 0) problems.push('no mutation has such a name')
  if (problems.length > 0) {
    console.error(problems.join('\n'))
    return 1
  }
  return withServices(async () => {
    const copy = await makeCopy(process.cwd())
    try {
      return await tryAll(copy, chosen)
    } finally {
      await copy.remove()
    }
  })
}

/** Started once, since they take longer than most of the tests. */
const withServices = async (work: () => Promise<number>): Promise<number> => {
  const stop = await startServices(process.env)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void stop().finally(() => process.exit(1)))
  }
  try {
    return await work()
  } finally {
    await stop()
  }
}

const tryAll = async (copy: Copy, chosen: readonly Mutation[]): Promise<number> => {
  for (const test of new Set(chosen.flatMap(({ tests }) => tests))) {
    const { outcome, details } = await runTests(copy.folder, [test])
    if (outcome === 'passed') continue
    console.error(`${test} does not pass on the code as it is: ${details}`)
    return 1
  }
  const lines: Line[] = []
  for (const mutation of chosen) {
    const line = await tryOne(copy, mutation)
    lines.push(line)
    console.log(formatLine(line))
  }
  const left = lines.filter(({ verdict }) => verdict !== 'noticed')
  for (const { mutation, verdict, details } of left) {
    console.log(`\n${verdict}: ${mutation.name}: ${mutation.why}\n${details}`)
  }
  console.log(`\n${lines.length - left.length} noticed, ${left.length} not`)
  return left.length > 0 ? 1 : 0
}

const tryOne = async ({ folder, whileBroken }: Copy, mutation: Mutation): Promise<Line> => {
  const startedAt = performance.now()
  const run = (env?: NodeJS.ProcessEnv) => runTests(folder, mutation.tests, mutation.pattern, env)
  const isOfSchema = /^db\/(migrations\/|keep-in-step|fill-patiently)/.test(mutation.file)
  const { outcome, details } = await whileBroken(mutation, () =>
    isOfSchema ? withMigrationsOf(folder, run) : run(),
  )
  const verdict = ({ noticed: 'noticed', passed: 'SURVIVED', broken: 'ERROR' } as const)[outcome]
  return { mutation, verdict, seconds: (performance.now() - startedAt) / 1_000, details }
}

const formatLine = ({ mutation: { name, tests }, verdict, seconds }: Line): string => {
  const files = tests.map((test) => test.replace(/^test\/|\.test\.ts$/g, '')).join(' ')
  return `${verdict.padEnd(8)} ${`${seconds.toFixed(1)} s`.padStart(7)}  ${name.padEnd(44)} ${files}`
}

process.exitCode = await main()
