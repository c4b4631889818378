import { Gauge, Histogram, type Registry } from 'prom-client'
import type { PoolCounts } from '../../../db/database.ts'
import type { QueryTiming } from '../../../db/statements.ts'

/** How Postgres answers, and whether statements wait for a connection. */
export const createDatabaseMetrics = (registry: Registry) => {
  const registers = [registry]
  const pools = new Set<() => PoolCounts>()
  const sum = (field: keyof PoolCounts): number =>
    [...pools].reduce((total, count) => total + count()[field], 0)

  const duration = new Histogram({
    name: 'imageonce_database_query_duration_seconds',
    help: 'Statements on Postgres, from being sent to their answer, by outcome: ok, error.',
    labelNames: ['outcome'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15],
    registers,
  })
  new Gauge({
    name: 'imageonce_database_connections',
    help: 'Connections of the pool by state: busy, idle.',
    labelNames: ['state'],
    registers,
    collect() {
      this.set({ state: 'busy' }, sum('busy'))
      this.set({ state: 'idle' }, sum('idle'))
    },
  })
  new Gauge({
    name: 'imageonce_database_waiting',
    help: 'Statements and transactions that wait for a connection of the pool.',
    registers,
    collect() {
      this.set(sum('waiting'))
    },
  })

  const watched = new Set<QueryTimes>()

  const onQuery = ({ durationMs, isOk }: QueryTiming): void => {
    duration.observe({ outcome: isOk ? 'ok' : 'error' }, durationMs / 1_000)
    for (const times of watched) times.record(durationMs)
  }
  /** How long statements took in the last so many milliseconds, from now on and until `stop`. */
  const watchTimes = (windowMs: number) => {
    const times = createQueryTimes(windowMs)
    watched.add(times)
    return { read: times.read, stop: () => void watched.delete(times) }
  }
  /** Counts a pool in, until the result is called. */
  const watchPool = (count: () => PoolCounts): (() => void) => {
    pools.add(count)
    return () => void pools.delete(count)
  }
  return { onQuery, watchTimes, watchPool }
}

/** Each bucket is this much wider than the one before: a figure is at most 5 % off. */
const BUCKET_RATIO = 1.1
/** The first bucket ends here; so many of them reach beyond the longest that a statement may take. */
const FIRST_MS = 0.1
const BUCKETS = 128
/** The window moves by a part at a time. */
const SLOTS = 5

type QueryTimes = ReturnType<typeof createQueryTimes>

/** How long this process's statements took in the last so many milliseconds, in memory of a fixed size. */
export const createQueryTimes = (windowMs: number, now: () => number = () => performance.now()) => {
  const slotMs = windowMs / SLOTS
  const slots = Array.from({ length: SLOTS }, () => ({
    turn: -1,
    counts: new Uint32Array(BUCKETS),
  }))

  const record = (durationMs: number): void => {
    const turn = Math.floor(now() / slotMs)
    const slot = slots[turn % SLOTS]
    if (!slot) return
    if (slot.turn !== turn) {
      slot.turn = turn
      slot.counts.fill(0)
    }
    const bucket = bucketOf(durationMs)
    slot.counts[bucket] = (slot.counts[bucket] ?? 0) + 1
  }
  /** How many there were, and what 95 % of them took at most; null when there were none. */
  const read = (): { count: number; p95Ms: number | null } => {
    const oldest = Math.floor(now() / slotMs) - SLOTS + 1
    const live = slots.filter(({ turn }) => turn >= oldest)
    const countIn = (bucket: number) =>
      live.reduce((sum, { counts }) => sum + (counts[bucket] ?? 0), 0)
    const sums = Array.from({ length: BUCKETS }, (_, bucket) => countIn(bucket))
    const count = sums.reduce((sum, each) => sum + each, 0)
    if (count === 0) return { count, p95Ms: null }
    let left = Math.ceil(count * 0.95)
    const bucket = sums.findIndex((each) => {
      left -= each
      return left <= 0
    })
    return { count, p95Ms: durationOf(bucket) }
  }
  return { record, read }
}

const bucketOf = (durationMs: number): number => {
  const bucket = Math.ceil(Math.log(durationMs / FIRST_MS) / Math.log(BUCKET_RATIO))
  return Math.min(Math.max(bucket, 0), BUCKETS - 1)
}

const durationOf = (bucket: number): number => FIRST_MS * BUCKET_RATIO ** (bucket - 0.5)
