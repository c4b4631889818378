import { Gauge, Registry } from 'prom-client'
import { VERSION } from '../../lib/version.ts'
import { createDatabaseMetrics } from './database.ts'
import { createHttpMetrics } from './http.ts'
import { readProcessMetrics } from './process.ts'
import { createProviderMetrics } from './provider.ts'
import { createQueueMetrics } from './queue.ts'
import { createRunMetrics } from './runs.ts'
import { createStoreMetrics } from './store.ts'
import { createSubmissionMetrics } from './submissions.ts'

export type Metrics = ReturnType<typeof createMetrics>

/** What Prometheus is answered with: its text format 0.0.4. */
export type MetricsText = { contentType: string; text: string }

/** All that is counted and timed, on a registry of its own; API and worker of one process share one. */
export const createMetrics = () => {
  const registry = new Registry()
  const info = new Gauge({
    name: 'imageonce_info',
    help: 'Always 1: which release runs here, and what as (api, worker).',
    labelNames: ['version', 'role'],
    registers: [registry],
  })
  const queue = createQueueMetrics(registry)

  const write = async (): Promise<MetricsText> => {
    await queue.sample()
    const texts = await Promise.all([registry.metrics(), readProcessMetrics()])
    return { contentType: registry.contentType, text: texts.join('\n') }
  }
  const used = new Map<(registry: Registry) => unknown, unknown>()
  /** A feature's own instruments on this registry: made when they are first asked for, and the same from then on. */
  const use = <T>(create: (registry: Registry) => T): T => {
    if (!used.has(create)) used.set(create, create(registry))
    return used.get(create) as T
  }
  let writing: Promise<MetricsText> | undefined
  /** Everything as text. Those who ask at the same time get the same. */
  const read = (): Promise<MetricsText> => {
    writing ??= write().finally(() => {
      writing = undefined
    })
    return writing
  }

  return {
    http: createHttpMetrics(registry),
    submissions: createSubmissionMetrics(registry),
    runs: createRunMetrics(registry),
    provider: createProviderMetrics(registry),
    store: createStoreMetrics(registry),
    database: createDatabaseMetrics(registry),
    queue,
    use,
    setRole: (role: 'api' | 'worker') => info.set({ version: VERSION, role }, 1),
    read,
  }
}
