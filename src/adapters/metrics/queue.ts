import { Gauge, type Registry } from 'prom-client'
import type { LaneStatus, WorkerStatus } from '../../contract/server-status.ts'
import { createSampler } from './sampler.ts'

type QueueSource = {
  measureQueue: () => Promise<LaneStatus[]>
  findWorkers: () => Promise<WorkerStatus[]>
  /** BullMQ's jobs by their state. */
  countJobs: () => Promise<Record<string, number>>
}

/** However often and by how many this is scraped. */
const SAMPLE_EVERY_MS = 5_000
/** A scrape goes without these figures rather than wait longer. */
const PATIENCE_MS = 1_000

/**
 * What waits and works in all processes together, read from Postgres and the queue, so every process tells the same: take
 * the maximum of them, not the sum. What can't be read is left out.
 */
export const createQueueMetrics = (registry: Registry) => {
  const registers = [registry]
  const generations = new Gauge({
    name: 'imageonce_generations',
    help: 'Generations by lane: queued ones may run now, delayed ones wait for their next try, running.',
    labelNames: ['lane', 'status'],
    registers,
  })
  const oldestAge = new Gauge({
    name: 'imageonce_queue_oldest_age_seconds',
    help: 'For how long the generation that has waited longest has been due; 0 when none waits.',
    labelNames: ['lane'],
    registers,
  })
  const workers = new Gauge({
    name: 'imageonce_workers_alive',
    help: 'Workers whose heartbeat reached Postgres within the last 15 s.',
    registers,
  })
  const jobs = new Gauge({
    name: 'imageonce_queue_jobs',
    help: 'Jobs in BullMQ by its own states.',
    labelNames: ['state'],
    registers,
  })
  const sources: QueueSource[] = []

  const takeRows = createSampler(
    async () => {
      const [source] = sources
      if (!source) return
      const [lanes, all] = await Promise.all([source.measureQueue(), source.findWorkers()])
      for (const { lane, queued, delayed, running, oldestQueuedMs } of lanes) {
        generations.set({ lane, status: 'queued' }, queued)
        generations.set({ lane, status: 'delayed' }, delayed)
        generations.set({ lane, status: 'running' }, running)
        oldestAge.set({ lane }, oldestQueuedMs / 1_000)
      }
      workers.set(all.filter(({ isAlive }) => isAlive).length)
    },
    () => {
      generations.reset()
      oldestAge.reset()
      workers.remove()
    },
    { everyMs: SAMPLE_EVERY_MS, patienceMs: PATIENCE_MS },
  )
  const takeJobs = createSampler(
    async () => {
      const counts = (await sources[0]?.countJobs()) ?? {}
      for (const [state, count] of Object.entries(counts)) jobs.set({ state }, count)
    },
    () => jobs.reset(),
    { everyMs: SAMPLE_EVERY_MS, patienceMs: PATIENCE_MS },
  )

  /** Where to read; of several parts of one process the first is enough. The result ends it. */
  const watch = (source: QueueSource): (() => void) => {
    sources.push(source)
    return () => void sources.splice(sources.indexOf(source), 1)
  }
  const sample = async (): Promise<void> => {
    await Promise.all([takeRows(), takeJobs()])
  }
  return { watch, sample }
}
