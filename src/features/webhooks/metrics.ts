import { Histogram, type Registry } from 'prom-client'

export type WebhookMetrics = ReturnType<typeof createWebhookMetrics>

/** How the endpoints of others answer. */
export const createWebhookMetrics = (registry: Registry) => {
  const duration = new Histogram({
    name: 'imageonce_webhook_attempt_duration_seconds',
    help: 'Attempts to deliver a webhook by outcome: delivered, failed.',
    labelNames: ['outcome'],
    buckets: [0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30],
    registers: [registry],
  })
  const onAttempt = ({ durationMs, error }: { durationMs: number; error?: string }): void =>
    duration.observe({ outcome: error === undefined ? 'delivered' : 'failed' }, durationMs / 1_000)
  return { onAttempt }
}
