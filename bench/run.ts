import pg from 'pg'
import { createDisposables, type Disposables } from '../src/app/disposables.ts'
import { measureAnalytics } from './analytics.ts'
import { measureAttacks } from './attacks.ts'
import type { Comparison } from './compare.ts'
import { measureCounts } from './counts.ts'
import { createBareTables } from './fixtures.ts'
import { measureGateway } from './gateway.ts'
import { measureGrowth } from './growth.ts'
import { measureNeighbours } from './neighbours.ts'
import { parsePlan } from './plan.ts'
import { measureRates } from './rates.ts'
import { type Goals, printAim, printComparison } from './report.ts'
import { compareReuse } from './reuse.ts'
import { type Services, startServices } from './services.ts'
import { measureMemory, measureStarts } from './startup.ts'
import { measureStreams } from './streams.ts'
import { compareSubmissions } from './submissions.ts'
import { measureTransitions } from './transitions.ts'
import { measureWorker } from './worker.ts'

/* `npm run bench`, or a quick look by `npm run bench -- --quick`. Ratios of servers that are measured in turns. */

const REUSE_GOALS: Goals = { ratio: 1.2, programUs: 400 }
/** Of what BullMQ itself asks of Postgres nothing is said. */
const SUBMISSION_GOALS: Record<'redis' | 'postgres', Goals> = {
  redis: { ratio: 0.8, programUs: 900, postgresUs: 400, walBytes: 2_500 },
  postgres: { ratio: 0.7, programUs: 900 },
}

const plan = parsePlan(process.argv)
/** What was compared, by name. */
const results: Record<string, Comparison> = {}
const { push, releaseAll } = createDisposables(console.error)

const main = async () => {
  if (isWanted('counts')) await measureCounts(plan.isUpdate)
  // It fills a disk, so it is asked for by name.
  if (plan.only === 'growth') await measureGrowth(plan.rows)
  if (plan.only === 'counts' || plan.only === 'growth') return
  const services = await startServices(push)
  const client = new pg.Client({ connectionString: services.databaseUrl })
  await client.connect()
  push(() => client.end())
  await createBareTables(client)
  const { rounds, requests } = plan
  console.log(`node ${process.version}, ${rounds} rounds of ${requests} requests each`)

  await show('Reuse of an image that exists', REUSE_GOALS, (hold) =>
    compareReuse(services, client, plan, hold),
  )
  for (const [name, on, goals] of listBackends(services)) {
    await show(`New submissions, ${name}`, goals, (hold) =>
      compareSubmissions(on, client, plan, hold),
    )
  }
  if (isWanted('start and memory')) await measureProcesses(services)
  await hold((push) => measureWorker(plan, push, isWanted))
  if (isWanted('gateway')) await hold((push) => measureGateway(plan, push))
  if (isWanted('transitions')) await measureTransitions(services, client)
  for (const count of isWanted('streams') ? plan.streams : []) {
    await hold((push) => measureStreams(services, count, push))
  }
  if (isWanted('rates')) await hold((push) => measureRates(services, client, plan, push))
  await hold((push) => measureAttacks(services, push, isWanted))
  if (isWanted('analytics')) await hold((push) => measureAnalytics(services, client, plan, push))
  if (isWanted('neighbours')) {
    await hold((push) => measureNeighbours(services, client, plan, push))
  }
}

const measureProcesses = async (services: Services) => {
  const { apiReadyMs, apiMb, workerMb } = await measureMemory(services)
  const { firstSeconds, againSeconds } = await measureStarts(plan)
  console.log('')
  for (const [name, value, aim, unit] of [
    ['API ready, CPU', apiReadyMs, 1_500, 'ms'],
    ['Idle API', apiMb, 75, 'MB'],
    ['Idle worker', workerMb, 85, 'MB'],
    ['First start', firstSeconds, 2.5, 's'],
    ['Start again', againSeconds, 1.5, 's'],
  ] as const) {
    const shown = value < 10 ? value.toFixed(1) : value.toFixed(0)
    printAim(`${name} ${shown} ${unit}, aim ${aim}`, value <= aim)
  }
}

/** Each comparison's servers end with it. */
const show = async (
  name: string,
  goals: Goals,
  compare: (push: Disposables['push']) => Promise<Comparison>,
) => {
  if (!isWanted(name)) return
  await hold(async (push) => {
    const comparison = await compare(push)
    results[name] = comparison
    printComparison(name, comparison, goals)
  })
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

const listBackends = (services: Services): [string, Services, Goals][] => {
  const onPostgres: [string, Services, Goals] = [
    'BullMQ on Postgres',
    { ...services, redisUrl: undefined },
    SUBMISSION_GOALS.postgres,
  ]
  return services.redisUrl
    ? [['BullMQ on Redis', services, SUBMISSION_GOALS.redis], onPostgres]
    : [onPostgres]
}

try {
  await main()
  if (plan.isJson) console.log(JSON.stringify(results))
} finally {
  await releaseAll()
}
