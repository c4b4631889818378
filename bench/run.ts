import pg from 'pg'
import { createDisposables, type Disposables } from '../src/app/disposables.ts'
import { measureAnalytics } from './analytics.ts'
import { measureAttacks } from './attacks.ts'
import type { Comparison } from './compare.ts'
import { createBareTables } from './fixtures.ts'
import { measureNeighbours } from './neighbours.ts'
import { parsePlan } from './plan.ts'
import { measureRates } from './rates.ts'
import { printAim, printComparison } from './report.ts'
import { compareReuse } from './reuse.ts'
import { type Services, startServices } from './services.ts'
import { measureMemory, measureStarts } from './startup.ts'
import { compareSubmissions } from './submissions.ts'

/* `npm run bench`, or a quick look by `npm run bench -- --quick`. Ratios of servers that are measured in turns. */

const MAX_START_SECONDS = 3
const MAX_IDLE_MB = 150

const plan = parsePlan(process.argv)
const { push, releaseAll } = createDisposables(console.error)

const main = async () => {
  const services = await startServices(push)
  const client = new pg.Client({ connectionString: services.databaseUrl })
  await client.connect()
  push(() => client.end())
  await createBareTables(client)
  console.log(`node ${process.version}, ${plan.rounds} rounds of ${plan.secondsPerRound} s each`)

  await show('Reuse of an image that exists', 0.8, (hold) =>
    compareReuse(services, client, plan, hold),
  )
  for (const [name, on] of listBackends(services)) {
    await show(`New submissions, ${name}`, 0.7, (hold) =>
      compareSubmissions(on, client, plan, hold),
    )
  }
  if (!plan.only) await measureProcesses(services)
  if (isWanted('rates')) await hold((push) => measureRates(services, client, plan, push))
  await hold((push) => measureAttacks(services, push, isWanted))
  if (isWanted('analytics')) await hold((push) => measureAnalytics(services, client, plan, push))
  if (isWanted('neighbours')) {
    await hold((push) => measureNeighbours(services, client, plan, push))
  }
}

const measureProcesses = async (services: Services) => {
  const { apiMb, workerMb } = await measureMemory(services)
  console.log('')
  printAim(`Idle API ${apiMb.toFixed(0)} MB, aim ${MAX_IDLE_MB}`, apiMb <= MAX_IDLE_MB)
  printAim(`Idle worker ${workerMb.toFixed(0)} MB, aim ${MAX_IDLE_MB}`, workerMb <= MAX_IDLE_MB)
  const { firstSeconds, againSeconds } = await measureStarts(plan)
  const aim = `aim ${MAX_START_SECONDS}`
  printAim(`First start ${firstSeconds.toFixed(1)} s, ${aim}`, firstSeconds <= MAX_START_SECONDS)
  printAim(`Start again ${againSeconds.toFixed(1)} s, ${aim}`, againSeconds <= MAX_START_SECONDS)
}

/** Each comparison's servers end with it. */
const show = async (
  name: string,
  aim: number,
  compare: (push: Disposables['push']) => Promise<Comparison>,
) => {
  if (isWanted(name)) await hold(async (push) => printComparison(name, await compare(push), aim))
}

const isWanted = (name: string) => !plan.only || name.includes(plan.only)

/** What `use` starts ends with it. */
const hold = async (use: (push: Disposables['push']) => Promise<unknown>) => {
  const own = createDisposables(console.error)
  try {
    await use(own.push)
  } finally {
    await own.releaseAll()
  }
}

const listBackends = (services: Services): [string, Services][] => {
  const onPostgres: [string, Services] = [
    'BullMQ on Postgres',
    { ...services, redisUrl: undefined },
  ]
  return services.redisUrl ? [['BullMQ on Redis', services], onPostgres] : [onPostgres]
}

try {
  await main()
} finally {
  await releaseAll()
}
