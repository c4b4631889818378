import { type Load, type Measured, measureLoad } from './load.ts'
import type { Meter, Usage } from './meter.ts'
import type { Plan } from './plan.ts'
import { medianOf, percentileOf } from './statistics.ts'

/** Who is measured: ours, what does the same work by hand, and what somebody would write by hand. */
export type Name = 'imageonce' | 'fair' | 'bare'

export type Contestant = { load: Load; meter: Meter }

/** Of one request, the medians of all rounds. */
export type Result = Measured &
  Usage & {
    /** How far apart the middle half of the rounds is in CPU, as a share of the median. */
    spread: number
  }

export type Comparison = Record<Name, Result> & {
  /** The rate of ours to that of bare, round by round: what the machine does beside this strikes both alike. */
  ratios: number[]
}

type Options = {
  contestants: Record<Name, Contestant>
  status: number
  /** Run before every measurement, so that each starts from the same state. */
  prepare?: () => Promise<void>
  /** Run after every measurement of ours, with the number of answers. */
  check?: (answers: number) => Promise<void>
}

type Round = Measured & Usage

/** Measures all in turns (A B C, C B A, ...) after warming each up, by a number of requests that is always the same. */
export const compare = async (
  { contestants, status, prepare = async () => {}, check = async () => {} }: Options,
  { rounds, requests, warmUpRequests }: Plan,
): Promise<Comparison> => {
  const measure = async (name: Name, amount: number): Promise<Round> => {
    const { load, meter } = contestants[name]
    await prepare()
    const before = await meter.read()
    const measured = await measureLoad(load, amount, status)
    const after = await meter.read()
    if (name === 'imageonce') await check(amount)
    const used = (key: keyof Usage) => (after[key] - before[key]) / amount
    return {
      ...measured,
      programUs: used('programUs'),
      postgresUs: used('postgresUs'),
      walBytes: used('walBytes'),
    }
  }
  const names = Object.keys(contestants) as Name[]
  for (const name of names) await measure(name, warmUpRequests)
  const results: Record<Name, Round[]> = { imageonce: [], fair: [], bare: [] }
  for (let round = 0; round < rounds; round++) {
    const inTurn = round % 2 === 0 ? names : names.toReversed()
    for (const name of inTurn) results[name].push(await measure(name, requests))
  }
  const { imageonce, fair, bare } = results
  return {
    imageonce: summarize(imageonce),
    fair: summarize(fair),
    bare: summarize(bare),
    ratios: imageonce.map(({ perSecond }, round) => perSecond / (bare[round]?.perSecond ?? 0)),
  }
}

const summarize = (rounds: Round[]): Result => {
  const median = (key: keyof Round) => medianOf(rounds.map((round) => round[key]))
  const cpus = rounds.map(({ programUs }) => programUs)
  return {
    perSecond: median('perSecond'),
    p50Ms: median('p50Ms'),
    p99Ms: median('p99Ms'),
    programUs: median('programUs'),
    postgresUs: median('postgresUs'),
    walBytes: median('walBytes'),
    spread: (percentileOf(cpus, 0.75) - percentileOf(cpus, 0.25)) / median('programUs'),
  }
}
