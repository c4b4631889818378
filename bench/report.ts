import type { Comparison } from './compare.ts'
import { medianOf } from './statistics.ts'

/** One line of a comparison: both servers' medians, the ratio, and whether it is what we aim at. */
export const printComparison = (name: string, { ours, bare, ratios }: Comparison, aim: number) => {
  const describe = ({ perSecond, p50Ms, p99Ms }: Comparison['ours']) =>
    `${perSecond.toFixed(0).padStart(6)}/s  p50 ${p50Ms} ms  p99 ${p99Ms} ms`
  const ratio = medianOf(ratios)
  const range = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`
  console.log(`\n${name}`)
  console.log(`  imageonce  ${describe(ours)}`)
  console.log(`  bare       ${describe(bare)}`)
  printAim(`  ratio      ${ratio.toFixed(2)} (${range}), aim ${aim}`, ratio >= aim)
}

export const printAim = (text: string, isReached: boolean): void =>
  console.log(`${text}: ${isReached ? 'PASS' : 'short'}`)
