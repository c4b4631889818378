import { Gauge, type Registry } from 'prom-client'
import { createSampler } from '../../adapters/metrics/sampler.ts'
import type { measureSpending } from './report.ts'

type Measure = () => ReturnType<typeof measureSpending>

/** However often and by how many this is scraped. */
const SAMPLE_EVERY_MS = 5_000
const PATIENCE_MS = 1_000

export type SpendingMetrics = ReturnType<typeof createSpendingMetrics>

/** What is spent, read from Postgres, so every process tells the same: take the maximum of them. */
export const createSpendingMetrics = (registry: Registry) => {
  const registers = [registry]
  const spent = new Gauge({
    name: 'imageonce_spending_usd',
    help: 'What calls of this UTC day and month have cost, and may cost yet, in US dollars.',
    labelNames: ['period'],
    registers,
    collect: () => sample(),
  })
  const low = new Gauge({
    name: 'imageonce_budgets_low',
    help: 'Limits of owners, prefixes and keys that are spent beyond BUDGET_WARN_PERCENT.',
    registers,
  })
  const paused = new Gauge({
    name: 'imageonce_spending_paused',
    help: '1 while an operator has stopped all paying.',
    registers,
  })
  const sources: Measure[] = []

  const sample = createSampler(
    async () => {
      const measured = await sources[0]?.()
      if (!measured) return
      spent.set({ period: 'day' }, measured.todayUsd)
      spent.set({ period: 'month' }, measured.monthUsd)
      low.set(measured.lowBudgets)
      paused.set(Number(measured.isPaused))
    },
    () => {
      for (const gauge of [spent, low, paused]) gauge.reset()
    },
    { everyMs: SAMPLE_EVERY_MS, patienceMs: PATIENCE_MS },
  )
  /** Where to read; of several parts of one process the first is enough. The result ends it. */
  const watch = (measure: Measure): (() => void) => {
    sources.push(measure)
    return () => void sources.splice(sources.indexOf(measure), 1)
  }
  return { watch }
}
