import { Histogram, type Registry } from 'prom-client'
import type { ImageStore } from '../../generation/ports.ts'

/** How the image store answers. */
export const createStoreMetrics = (registry: Registry) => {
  const duration = new Histogram({
    name: 'imageonce_store_operation_duration_seconds',
    help: 'Operations of the image store (put, find, open, has, delete, ping) by outcome: ok, error.',
    labelNames: ['operation', 'outcome'],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  })

  const timed =
    <Args extends unknown[], Result>(operation: string, run: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      const startedAt = performance.now()
      let outcome = 'error'
      try {
        const result = await run(...args)
        outcome = 'ok'
        return result
      } finally {
        duration.observe({ operation, outcome }, (performance.now() - startedAt) / 1_000)
      }
    }
  /** The same store, with its operations timed. */
  const measure = (store: ImageStore): ImageStore => ({
    ...store,
    put: timed('put', store.put),
    find: timed('find', store.find),
    ...(store.open && { open: timed('open', store.open) }),
    has: timed('has', store.has),
    delete: timed('delete', store.delete),
    ping: timed('ping', store.ping),
  })
  return { measure }
}
