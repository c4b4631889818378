import { Gauge, type Registry } from 'prom-client'
import { createSampler } from '../../adapters/metrics/sampler.ts'
import type { BatchFigures } from './report.ts'

type Measure = () => Promise<BatchFigures>

/** However often and by how many this is scraped. */
const SAMPLE_EVERY_MS = 5_000
const PATIENCE_MS = 1_000

/** How batches stand, read from Postgres, so every process tells the same: take the maximum of them. */
export const createBatchMetrics = (registry: Registry) => {
  const registers = [registry]
  const batches = new Gauge({
    name: 'imageonce_batches',
    help: 'Batch jobs that are not closed, by state: intended, running, ended, settled.',
    labelNames: ['state'],
    registers,
    collect: () => sample(),
  })
  const items = new Gauge({
    name: 'imageonce_batch_items',
    help: 'Generations that wait for a batch (gathered), or are in one and not settled (sent).',
    labelNames: ['state'],
    registers,
  })
  const oldest = new Gauge({
    name: 'imageonce_batch_oldest_seconds',
    help: 'The age of the oldest batch that is not closed.',
    registers,
  })
  const stuck = new Gauge({
    name: 'imageonce_batches_stuck',
    help: 'Batches that do not get on.',
    registers,
  })
  const sources: Measure[] = []

  const sample = createSampler(
    async () => {
      const measured = await sources[0]?.()
      if (!measured) return
      for (const state of STATES) {
        batches.set({ state }, measured.byState.find((each) => each.state === state)?.batches ?? 0)
      }
      items.set({ state: 'gathered' }, measured.gathered)
      items.set(
        { state: 'sent' },
        measured.byState.reduce((sum, { open }) => sum + open, 0),
      )
      oldest.set(measured.oldestMs / 1_000)
      stuck.set(measured.stuck)
    },
    () => {
      for (const gauge of [batches, items, oldest, stuck]) gauge.reset()
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

const STATES = ['intended', 'running', 'ended', 'settled']
