import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { runMain } from '../chaos/run-main.ts'
import { settle } from '../chaos/settle.ts'
import { type Stack, withStack } from '../chaos/stack.ts'
import { findOnPath } from '../support/programs.ts'
import { startLoad } from './load.ts'
import { type Sample, takeSample } from './sample.ts'
import { type Series, slopePerHour } from './slope.ts'

/*
 * `npm run soak -- --minutes=30`: an API and two workers under a steady load of all kinds, and whether anything grows. The
 * first quarter is left out, in which processes and stores come to what they need. Exits 1 where something grew.
 */

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '30' } } })
const durationMs = Number(values.minutes) * 60_000

const SAMPLES = 120
const WARM_UP_SHARE = 0.25
const WORKERS = 2
const CALL_MS = 200
const SETTLE_TIMEOUT_MS = 60_000

/** By how much something may seem to grow in the measured time: what a garbage collector and a pool do by themselves. */
const BOUNDS: readonly [name: RegExp, most: (typical: number) => number][] = [
  [/RSS/, (mb) => Math.max(10, 0.08 * mb)],
  [/handles/, () => 3],
  [/connections/, () => 2],
  [/under way/, () => 3],
  [/Redis keys/, () => 5],
  // BullMQ keeps its last 10,000 events, which an hour does not fill.
  [/Redis memory/, () => 4],
  [/tables/, (kb) => 0.1 * kb],
]

const main = async (): Promise<boolean> => {
  const backend = findOnPath('redis-server') ? 'redis' : 'postgres'
  console.log(`node ${process.version}, queue on ${backend}, ${values.minutes} minutes`)
  const env = { WEBHOOK_ALLOW_PRIVATE: 'true', SIMILARITY_MODE: 'off', HOOK_DEBOUNCE_MS: '100' }
  return withStack({ backend, env }, soak)
}

const soak = async (stack: Stack): Promise<boolean> => {
  stack.provider.behave(() => ({ kind: 'delay', ms: CALL_MS }))
  await stack.startApi()
  const workers = await Promise.all(Array.from({ length: WORKERS }, () => stack.startWorker()))
  await Promise.all(workers.map((worker) => worker.untilReady()))
  const load = await startLoad(stack)
  const samples = await watch(stack)
  await load.stop()
  await settle(stack, SETTLE_TIMEOUT_MS)
  console.log(`Done: ${JSON.stringify(load.done)}, ${load.countTold()} webhooks`)
  for (const error of load.errors.slice(0, 10)) console.log(`!! ${error}`)
  for (const crash of stack.crashes) console.log(`!! ${crash}`)
  const grew = report(samples)
  return grew === 0 && load.errors.length === 0 && stack.crashes.length === 0
}

type Moment = { seconds: number; sample: Sample }

const watch = async (stack: Stack): Promise<Moment[]> => {
  const startedAt = performance.now()
  const moments: Moment[] = []
  while (performance.now() - startedAt < durationMs) {
    await delay(durationMs / SAMPLES)
    const seconds = (performance.now() - startedAt) / 1_000
    moments.push({ seconds, sample: await takeSample(stack) })
  }
  const warmUpSeconds = (durationMs * WARM_UP_SHARE) / 1_000
  return moments.filter(({ seconds }) => seconds > warmUpSeconds)
}

/** Prints a line for each figure. Returns how many of them grew. */
const report = (moments: readonly Moment[]): number => {
  const names = Object.keys(moments[0]?.sample ?? {})
  const lines = names.map((name) =>
    judge(
      name,
      moments.map(({ seconds, sample }) => [seconds, sample[name] ?? Number.NaN]),
    ),
  )
  console.table(Object.fromEntries(lines.map(({ name, ...line }) => [name, line])))
  return lines.filter(({ verdict }) => verdict !== 'holds').length
}

const judge = (name: string, series: Series) => {
  const figures = series.map(([, value]) => value)
  const hours = ((series.at(-1)?.[0] ?? 0) - (series[0]?.[0] ?? 0)) / 3_600
  const perHour = slopePerHour(series)
  const typical = figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? 0
  const most = BOUNDS.find(([pattern]) => pattern.test(name))?.[1](typical) ?? 0
  const growth = perHour * hours
  return {
    name,
    first: round(figures[0]),
    last: round(figures.at(-1)),
    'an hour': round(perHour),
    growth: round(growth),
    bound: round(most),
    // A figure that could not be read holds to no bound.
    verdict: growth <= most ? 'holds' : 'GREW',
  }
}

const round = (value = Number.NaN): number => Math.round(value * 100) / 100

await runMain(main)
