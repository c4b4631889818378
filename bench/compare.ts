import { type Load, type Measured, measureLoad } from './load.ts'
import type { Plan } from './plan.ts'
import { medianOf } from './statistics.ts'

export type Comparison = {
  ours: Omit<Measured, 'answers'>
  bare: Omit<Measured, 'answers'>
  /** Ours to bare, round by round: what the machine does beside this strikes both alike. */
  ratios: number[]
}

type Options = {
  ours: Load
  bare: Load
  status: number
  /** Run before every measurement, so that each starts from the same state. */
  prepare?: () => Promise<void>
  /** Run after every measurement of ours, with the number of answers. */
  check?: (answers: number) => Promise<void>
}

const WARM_UP_SECONDS = 2

/** Measures both servers in turns (A B, B A, A B, ...) after warming each up. */
export const compare = async (
  { ours, bare, status, prepare = async () => {}, check = async () => {} }: Options,
  { rounds, secondsPerRound }: Plan,
): Promise<Comparison> => {
  const measure = async (load: Load, seconds: number) => {
    await prepare()
    const measured = await measureLoad(load, seconds, status)
    if (load === ours) await check(measured.answers)
    return measured
  }
  for (const load of [ours, bare]) await measure(load, WARM_UP_SECONDS)
  const results = new Map<Load, Measured[]>([
    [ours, []],
    [bare, []],
  ])
  for (let round = 0; round < rounds; round++) {
    for (const load of round % 2 === 0 ? [ours, bare] : [bare, ours]) {
      results.get(load)?.push(await measure(load, secondsPerRound))
    }
  }
  const [a = [], b = []] = results.values()
  return {
    ours: summarize(a),
    bare: summarize(b),
    ratios: a.map(({ perSecond }, round) => perSecond / (b[round]?.perSecond ?? 0)),
  }
}

const summarize = (measured: Measured[]) => ({
  perSecond: medianOf(measured.map(({ perSecond }) => perSecond)),
  p50Ms: medianOf(measured.map(({ p50Ms }) => p50Ms)),
  p99Ms: medianOf(measured.map(({ p99Ms }) => p99Ms)),
})
