import type { WebhookDeliveryRow } from '../../../db/schema.ts'
import { alertWebhookEventSchema } from '../../contract/vocabulary.ts'
import { type AnswerContext, presentGeneration } from '../../generation/read/present.ts'
import { type GenerationWithImage, noImage } from '../../generation/state/repository.ts'
import { toNanoUsd } from '../../lib/money.ts'

/** The type of the event that an endpoint is tried out with. */
export const TEST_EVENT = 'webhook.test'

/** The body of a delivery, the same at every attempt (Standard Webhooks, "Payload structure"). */
export const buildPayload = (delivery: WebhookDeliveryRow, context: AnswerContext): string =>
  JSON.stringify({
    type: delivery.type,
    timestamp: delivery.createdAt.toISOString(),
    data: describeData(delivery, context),
  })

const describeData = (
  { type, endpointId, ownerId, itemId, snapshot }: WebhookDeliveryRow,
  context: AnswerContext,
) => {
  if (!snapshot) return { webhookId: endpointId }
  if (isOfAlert(type)) return snapshot
  return {
    ...presentGeneration(reviveGeneration(snapshot), context),
    ...(ownerId && { ownerId }),
    ...(itemId && { itemId }),
  }
}

/** Of a snapshot of the release before, which has dollars alone. */
const readNanoUsd = ({ costUsd, imageCostUsd }: Record<string, unknown>) => ({
  costNanoUsd: toNanoUsd(Number(costUsd ?? 0)),
  ...(typeof imageCostUsd === 'number' && { imageCostNanoUsd: toNanoUsd(imageCostUsd) }),
})

const isOfAlert = (type: string): boolean => alertWebhookEventSchema.safeParse(type).success

/** The row as it was: JSON has no dates. */
const reviveGeneration = (snapshot: Record<string, unknown>): GenerationWithImage => {
  const row = { ...noImage, ...readNanoUsd(snapshot), ...snapshot } as GenerationWithImage
  const revive = (at: Date | null) => at && new Date(at)
  return {
    ...row,
    createdAt: new Date(row.createdAt),
    queuedAt: new Date(row.queuedAt),
    startedAt: revive(row.startedAt),
    finishedAt: revive(row.finishedAt),
  }
}
