import type pg from 'pg'
import { createDatabase } from '../db/database.ts'
import type { Disposables } from '../src/app/disposables.ts'
import { createFold } from '../src/features/analytics/fold.ts'
import { seedHistory, seedMoment } from './analytics-history.ts'
import { imageonceCommand } from './commands.ts'
import { measureOverview } from './overview.ts'
import type { Plan } from './plan.ts'
import { startServer } from './programs.ts'
import { printAim } from './report.ts'
import { signToken } from './requests.ts'
import { productionEnvironment, type Services } from './services.ts'
import { medianOf } from './statistics.ts'

const MAX_MS = 100
const REQUESTS = 20
/** What a second of a busy server leaves to be read live. */
const TAIL_EVENTS = 1_000

/** Each endpoint over HTTP, beside one SELECT that counts the same days from the events themselves. */
export const measureAnalytics = async (
  services: Services,
  client: pg.Client,
  { analyticsEvents }: Plan,
  push: Disposables['push'],
): Promise<void> => {
  console.log(`\nAnalytics of ${analyticsEvents.toLocaleString('en')} events`)
  await seedHistory(client, analyticsEvents)
  await foldAll(services, analyticsEvents)
  await client.query('vacuum analyze')
  await seedMoment(client, analyticsEvents, TAIL_EVENTS)
  const { url, stop } = await startServer(imageonceCommand('api'), productionEnvironment(services))
  push(stop)
  const tokens = {
    owner: await signToken('owner 7'),
    everyone: await signToken('operator', 'admin'),
  }
  for (const days of [7, 30, 400]) {
    for (const [whose, token] of Object.entries(tokens)) {
      const raw = await measure(() => countRaw(client, days, whose === 'owner'), RAW_ROUNDS)
      const endpoints = whose === 'owner' ? ['summary', 'timeseries'] : [...ALL]
      for (const endpoint of endpoints) {
        const get = () => read(`${url}/api/analytics/${endpoint}?days=${days}`, token)
        await get()
        const { medianMs, fastestMs } = await measure(get, REQUESTS)
        const name = `${endpoint}, ${days} days, ${whose}`.padEnd(32)
        const times = `${medianMs.toFixed(0)} ms (fastest ${fastestMs.toFixed(0)})`
        const counted = `events counted ${raw.medianMs.toFixed(0)} ms`
        printAim(`  ${name} ${times}, ${counted}, aim ${MAX_MS} ms`, medianMs <= MAX_MS)
      }
    }
  }
  await measureOverview(url, tokens.everyone)
}

const ALL = ['summary', 'timeseries', 'owners', 'owners.csv']
const RAW_ROUNDS = 3

const foldAll = async ({ databaseUrl: url }: Services, events: number) => {
  const db = createDatabase({ url, poolSize: 2, onIdleError: console.error })
  try {
    const startedAt = performance.now()
    await createFold(db)()
    const seconds = (performance.now() - startedAt) / 1_000
    console.log(`  folded in ${seconds.toFixed(0)} s, ${(events / seconds).toFixed(0)} events/s`)
  } finally {
    await db.destroy()
  }
}

/** The counts of a summary, without percentiles. */
const countRaw = (client: pg.Client, days: number, isOwner: boolean) =>
  client.query(
    `select count(*) filter (where type = 'generation_started'), count(*) filter (where type = 'generation_skipped'),
      count(*) filter (where type = 'generation_failed'), sum((data->>'costUsd')::numeric), sum((data->>'savedUsd')::numeric)
    from generation_events
    where created_at >= date_trunc('day', now() at time zone 'UTC') - $1 * interval '1 day'
      and client_event_id is null ${isOwner ? `and owner_id = 'owner 7'` : ''}`,
    [days - 1],
  )

const read = async (url: string, token: string) => {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  if (!response.ok) throw new Error(await response.text())
  await response.text()
}

const measure = async (work: () => Promise<unknown>, rounds: number) => {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now()
    await work()
    times.push(performance.now() - startedAt)
  }
  return { medianMs: medianOf(times), fastestMs: Math.min(...times) }
}
