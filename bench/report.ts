import type { Comparison, Result } from './compare.ts'
import { medianOf } from './statistics.ts'

/** What ours is to reach, at most or at least. */
export type Goals = {
  ratio: number
  programUs: number
  postgresUs?: number
  walBytes?: number
}

/** Rounds whose middle half is further apart than this say nothing. */
const MAX_SPREAD = 0.15

/** A line for each server, and for each goal whether it is reached. */
export const printComparison = (name: string, comparison: Comparison, goals: Goals): void => {
  const { imageonce, fair, bare, ratios } = comparison
  console.log(`\n${name}, of one request`)
  for (const [who, result] of Object.entries({ imageonce, fair, bare })) {
    console.log(`  ${who.padEnd(9)}  ${describe(result)}`)
  }
  const aims: [text: string, isReached: boolean][] = [
    [
      `CPU ${imageonce.programUs.toFixed(0)} µs, goal ${goals.programUs}`,
      imageonce.programUs <= goals.programUs,
    ],
  ]
  const { postgresUs, walBytes } = goals
  if (postgresUs !== undefined) {
    const text = `CPU of Postgres ${imageonce.postgresUs.toFixed(0)} µs, goal ${postgresUs}`
    aims.push([text, imageonce.postgresUs <= postgresUs])
  }
  if (walBytes !== undefined) {
    const text = `WAL ${imageonce.walBytes.toFixed(0)} B, goal ${walBytes}`
    aims.push([text, imageonce.walBytes <= walBytes])
  }
  const ratio = medianOf(ratios)
  const range = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`
  aims.push([
    `rate to bare ${ratio.toFixed(2)} (${range}), goal ${goals.ratio}`,
    ratio >= goals.ratio,
  ])
  const isClear = [imageonce, fair, bare].every(({ spread }) => spread <= MAX_SPREAD)
  for (const [text, isReached] of aims) {
    if (isClear) printAim(`  ${text}`, isReached)
    else console.log(`  ${text}: unclear`)
  }
  if (!isClear)
    console.log(`  Rounds are more than ${MAX_SPREAD * 100} % apart: too noisy a machine to tell.`)
}

const describe = ({ programUs, postgresUs, walBytes, spread, ...rates }: Result): string =>
  [
    `CPU ${programUs.toFixed(0).padStart(5)} µs (middle half within ${(spread * 100).toFixed(0)} %)`,
    `Postgres ${postgresUs.toFixed(0).padStart(4)} µs`,
    `${walBytes.toFixed(0).padStart(5)} B of WAL`,
    `${rates.perSecond.toFixed(0).padStart(5)}/s  p50 ${rates.p50Ms} ms  p99 ${rates.p99Ms} ms`,
  ].join('  ')

export const printAim = (text: string, isReached: boolean): void =>
  console.log(`${text}: ${isReached ? 'PASS' : 'short'}`)
