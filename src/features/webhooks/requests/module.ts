import type { RequestWebhookRow } from '../../../../db/schema.ts'
import type { MaintenanceTask } from '../../../adapters/queue/maintenance-queue.ts'
import { createRareLog } from '../../../lib/logger.ts'
import { HOUR_MS } from '../../../lib/time.ts'
import { VERSION } from '../../../lib/version.ts'
import { toVetting } from '../../../lib/vetted/vetting.ts'
import { claimRequests } from '../claim.ts'
import { createDeliverer } from '../deliverer.ts'
import { deleteOldRequestWebhooks } from '../maintenance.ts'
import { MAX_INTERVAL_MS, type WebhooksDeps } from '../module.ts'
import type { RetryWaits } from '../schedule.ts'
import { createWebhookSender } from '../sender/webhook-sender.ts'
import {
  type DeliverRequestDeps,
  deliverRequest,
  REQUEST_RETRY_WAITS_MS,
  type SignRequest,
} from './deliver-request.ts'
import { tellEnded } from './tell-ended.ts'

/** How a dialect tells of the end of a request. */
export type RequestDialect = {
  /** The body; undefined where the request has not ended. */
  describe: (row: RequestWebhookRow) => Promise<string | undefined>
  sign: SignRequest
}

export type RequestWebhooksDeps = Pick<
  WebhooksDeps,
  | 'db'
  | 'timeoutMs'
  | 'isPrivateAllowed'
  | 'resolve'
  | 'leaseMs'
  | 'intervalMs'
  | 'metrics'
  | 'logger'
> & {
  dialects: Readonly<Record<string, RequestDialect>>
  retryWaitsMs?: RetryWaits | undefined
}

/** Tells of single requests that have ended, each where and in the words that it asked for. */
export const createRequestWebhooks = (deps: RequestWebhooksDeps) => {
  const { db, timeoutMs, leaseMs, metrics, logger } = deps
  // Undefined: of a later release, whose workers tell it.
  const dialectOf = ({ dialect }: RequestWebhookRow): RequestDialect | undefined =>
    deps.dialects[dialect]
  const deliverDeps: DeliverRequestDeps = {
    db,
    send: createWebhookSender({ timeoutMs, ...toVetting(deps) }),
    sign: (row, told) => dialectOf(row)?.sign(row, told) ?? {},
    retryWaitsMs: deps.retryWaitsMs ?? REQUEST_RETRY_WAITS_MS,
    userAgent: `imageonce/${VERSION}`,
    onAttempt: ({ id, dialect }, attempt) => {
      const { statusCode, error, durationMs } = attempt
      metrics.onAttempt(attempt)
      logger.info({ requestWebhookId: id, dialect, statusCode, error, durationMs }, 'webhook')
    },
  }
  const tasks: MaintenanceTask[] = [
    {
      name: 'request-webhooks',
      everyMs: HOUR_MS,
      run: (signal) => deleteOldRequestWebhooks(db, signal),
    },
  ]
  const deliverer = createDeliverer({
    claim: (limits) => claimRequests(db, limits),
    turnOf: ({ ownerId }) => ownerId,
    deliver: (row, letGo) => deliverRequest(deliverDeps, row, letGo),
    prepare: () => tellEnded(db, async (row) => dialectOf(row)?.describe(row)),
    // Nobody waits for them: looking every second is enough.
    onWake: () => () => {},
    intervalMs: Math.min(deps.intervalMs, MAX_INTERVAL_MS),
    leaseMs: timeoutMs + leaseMs,
    onError: createRareLog((fields) => logger.warn(fields, 'webhooks of requests are in trouble')),
  })
  return { ...deliverer, tasks }
}
