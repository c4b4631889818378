import type { Database } from '../../../db/database.ts'
import type { MaintenanceTask } from '../../adapters/queue/maintenance-queue.ts'
import type { AnswerContext } from '../../generation/read/present.ts'
import { ALERTS_DUE, WEBHOOKS_DUE } from '../../generation/state/channel.ts'
import { createRareLog, type Logger } from '../../lib/logger.ts'
import { HOUR_MS } from '../../lib/time.ts'
import { VERSION } from '../../lib/version.ts'
import type { ResolveName } from '../../lib/vetted/vetted-addresses.ts'
import { toVetting } from '../../lib/vetted/vetting.ts'
import { claimDeliveries } from './claim.ts'
import { type DeliverDeps, deliver } from './deliver.ts'
import { createDeliverer } from './deliverer.ts'
import { deleteOldDeliveries } from './maintenance.ts'
import type { WebhookMetrics } from './metrics.ts'
import { tellMissedEnds } from './missed-ends.ts'
import type { RetryWaits } from './schedule.ts'
import { createWebhookSender } from './sender/webhook-sender.ts'

export type WebhooksDeps = {
  db: Database
  /** Calls back when something named so has happened. Returns the way to stop. */
  subscribe: (name: string, listener: () => void) => () => void
  retryWaitsMs: RetryWaits
  /** How long one attempt may take. */
  timeoutMs: number
  /** For development: endpoints may have private addresses. */
  isPrivateAllowed: boolean
  /** Answers for the names of endpoints in place of DNS. */
  resolve?: ResolveName | undefined
  answerContext: AnswerContext
  /** How long a delivery is left to a worker that says nothing, beyond an attempt's own time. */
  leaseMs: number
  /** How often to look for what is due without a nudge, at most. */
  intervalMs: number
  metrics: WebhookMetrics
  logger: Logger
}

/** What is lost is delivered late, but nobody waits for it as for an image. */
export const MAX_INTERVAL_MS = 1_000

/** Where workers deliver besides, this is for when there are none. */
const ALERTS_INTERVAL_MS = 10_000

/** Delivers to endpoints what has ended, and what fires. */
export const createWebhooks = (deps: WebhooksDeps) => {
  const tasks: MaintenanceTask[] = [
    {
      name: 'webhook-deliveries',
      everyMs: HOUR_MS,
      run: (signal) => deleteOldDeliveries(deps.db, signal),
    },
  ]
  const intervalMs = Math.min(deps.intervalMs, MAX_INTERVAL_MS)
  return { ...deliverFor(deps, { isForAlerts: false, dueName: WEBHOOKS_DUE, intervalMs }), tasks }
}

/** Delivers what fires, and nothing else: that no worker is alive is nothing that a worker could tell. */
export const createAlertWebhooks = (deps: WebhooksDeps) =>
  deliverFor(deps, { isForAlerts: true, dueName: ALERTS_DUE, intervalMs: ALERTS_INTERVAL_MS })

const deliverFor = (
  deps: WebhooksDeps,
  scope: { isForAlerts: boolean; dueName: string; intervalMs: number },
) => {
  const { db, subscribe, retryWaitsMs, timeoutMs, answerContext, leaseMs, metrics, logger } = deps
  const { isForAlerts, dueName, intervalMs } = scope
  const deliverDeps: DeliverDeps = {
    db,
    retryWaitsMs,
    send: createWebhookSender({ timeoutMs, ...toVetting(deps) }),
    answerContext,
    userAgent: `imageonce/${VERSION}`,
    onAttempt: ({ id, endpointId, type }, attempt) => {
      const { statusCode, error, durationMs } = attempt
      metrics.onAttempt(attempt)
      logger.info({ deliveryId: id, endpointId, type, statusCode, error, durationMs }, 'webhook')
    },
  }
  return createDeliverer({
    claim: (limits) => claimDeliveries(db, { ...limits, isForAlerts }),
    turnOf: ({ endpointId }) => endpointId,
    deliver: (delivery, letGo) => deliver(deliverDeps, delivery, letGo),
    prepare: () => tellMissedEnds(db),
    onWake: (listener) => subscribe(dueName, listener),
    intervalMs,
    leaseMs: timeoutMs + leaseMs,
    onError: createRareLog((fields) => logger.warn(fields, 'webhooks are in trouble')),
  })
}
