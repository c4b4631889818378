import { monitorEventLoopDelay } from 'node:perf_hooks'
import { sql } from 'kysely'
import type pg from 'pg'
import { createDatabase, type Database } from '../db/database.ts'
import type { Disposables } from '../src/app/disposables.ts'
import { createFindNeighbours } from '../src/features/similarity/neighbours/find-neighbours.ts'
import { createPrompts, type Prompts } from './neighbour-prompts.ts'
import type { Plan } from './plan.ts'
import { printAim } from './report.ts'
import type { Services } from './services.ts'
import { percentileOf } from './statistics.ts'

const MAX_MS = 50
const SEARCHES = 200
const OTHER_OWNERS = 100
/** Of the worker: all that the gate then looks at. */
const LIMIT = 50
const MIN_SIMILARITY = 0.8

/** Neighbours of a prompt with their images, in this process, beside bare round trips in turns. */
export const measureNeighbours = async (
  { databaseUrl: url }: Services,
  client: pg.Client,
  { otherPrompts }: Plan,
  push: Disposables['push'],
): Promise<void> => {
  const others = otherPrompts.toLocaleString('en')
  console.log(`\nNeighbours of a prompt by comparing all, among ${others} prompts of others`)
  const db = createDatabase({ url, poolSize: 2, onIdleError: console.error })
  push(() => db.destroy())
  for (const dimensions of [512, 768]) {
    const prompts = createPrompts(client, dimensions)
    await prompts.insert({ ...countOthers(otherPrompts), small: 1_000, large: 10_000 })
    for (const ownerId of ['small', 'large']) await show(db, prompts, ownerId, dimensions)
  }
}

const countOthers = (prompts: number) =>
  Object.fromEntries(
    Array.from({ length: OTHER_OWNERS }, (_, n) => [`other ${n}`, prompts / OTHER_OWNERS]),
  )

const show = async (db: Database, prompts: Prompts, ownerId: string, dimensions: number) => {
  const { searches, trips, pauseMs } = await measure(db, prompts, ownerId)
  const [p50Ms, p95Ms] = [percentileOf(searches, 0.5), percentileOf(searches, 0.95)]
  const ratio = p50Ms / percentileOf(trips, 0.5)
  const name =
    `${ownerId === 'small' ? '1,000' : '10,000'} prompts, ${dimensions} dimensions`.padEnd(31)
  const times = `p50 ${p50Ms.toFixed(1)} ms, p95 ${p95Ms.toFixed(1)} ms, ${ratio.toFixed(0)} bare round trips`
  const pause = `longest pause ${pauseMs.toFixed(0)} ms`
  printAim(`  ${name} ${times}, ${pause}, aim ${MAX_MS} ms`, p95Ms <= MAX_MS)
}

const measure = async (db: Database, prompts: Prompts, ownerId: string) => {
  const find = createFindNeighbours()
  const search = async () => {
    const query = { ...prompts.next(ownerId), minSimilarity: MIN_SIMILARITY, limit: LIMIT }
    const found = await find(db, query)
    if (found.length === 0) throw new Error(`${ownerId} has no neighbours`)
  }
  for (let round = 0; round < SEARCHES / 10; round++) await search()
  const searches: number[] = []
  const trips: number[] = []
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  for (let round = 0; round < SEARCHES; round++) {
    searches.push(await time(search))
    trips.push(await time(() => sql`select 1`.execute(db)))
  }
  delay.disable()
  return { searches, trips, pauseMs: delay.max / 1e6 }
}

const time = async (work: () => Promise<unknown>): Promise<number> => {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}
