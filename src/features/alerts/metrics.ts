import { Gauge, type Registry } from 'prom-client'
import { createSampler } from '../../adapters/metrics/sampler.ts'

type ReadAlerts = () => Promise<{ name: string; isFiring: boolean }[]>

/** However often and by how many this is scraped. */
const SAMPLE_EVERY_MS = 5_000
const PATIENCE_MS = 1_000

export type AlertMetrics = ReturnType<typeof createAlertMetrics>

/** Which alerts fire, read from Postgres, so every process tells the same: take the maximum of them. */
export const createAlertMetrics = (registry: Registry) => {
  const firing = new Gauge({
    name: 'imageonce_alert_firing',
    help: 'The alerts of docs/operations.md: 1 while one fires.',
    labelNames: ['alert'],
    registers: [registry],
    collect: () => sample(),
  })
  const sources: ReadAlerts[] = []

  const sample = createSampler(
    async () => {
      const alerts = (await sources[0]?.()) ?? []
      for (const { name, isFiring } of alerts) firing.set({ alert: name }, Number(isFiring))
    },
    () => firing.reset(),
    { everyMs: SAMPLE_EVERY_MS, patienceMs: PATIENCE_MS },
  )
  /** Where to read; of several parts of one process the first is enough. The result ends it. */
  const watch = (read: ReadAlerts): (() => void) => {
    sources.push(read)
    return () => void sources.splice(sources.indexOf(read), 1)
  }
  return { watch }
}
