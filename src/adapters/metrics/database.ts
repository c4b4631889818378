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

  const onQuery = ({ durationMs, isOk }: QueryTiming): void =>
    duration.observe({ outcome: isOk ? 'ok' : 'error' }, durationMs / 1_000)
  /** Counts a pool in, until the result is called. */
  const watchPool = (count: () => PoolCounts): (() => void) => {
    pools.add(count)
    return () => void pools.delete(count)
  }
  return { onQuery, watchPool }
}
