import type { ColumnType, Generated } from 'kysely'
import type { WebhookDeliveryStatus, WebhookDisabledReason } from '../src/contract/vocabulary.ts'

/** Where ends of generations are delivered: an owner's to the owner, those of a source's items to the source. */
export type WebhookEndpointsTable = {
  id: string
  /** One of the two is set. */
  ownerId: string | null
  source: string | null
  url: string
  events: string[]
  description: string | null
  secret: string
  /** Signs besides until its time, while receivers take over the new one. */
  previousSecret: string | null
  previousSecretExpiresAt: Date | null
  isEnabled: Generated<boolean>
  disabledReason: WebhookDisabledReason | null
  /** The first attempt that failed since one went well. */
  failingSince: Date | null
  createdAt: Generated<Date>
  updatedAt: Generated<Date>
}

/** One event to one endpoint; the id is what receivers know it by. */
export type WebhookDeliveriesTable = {
  id: Generated<string>
  endpointId: string
  type: string
  /** What ended, by the sequence number of that event; null for a test. */
  generationId: string | null
  eventSequence: number | null
  /** For a source: whose item the generation answers, and which. */
  ownerId: string | null
  itemId: string | null
  /** The generation as it was then, with what is needed to show its image. */
  snapshot: ColumnType<Record<string, unknown> | null, string | null, never>
  status: Generated<WebhookDeliveryStatus>
  /** Since it was made, or made to be delivered again. */
  failures: Generated<number>
  /** Raised by every claim, and by who has it delivered again; a worker that holds an older one may change nothing. */
  claims: Generated<number>
  /** Null when none is to come. */
  nextAttemptAt: Generated<Date | null>
  leaseExpiresAt: Date | null
  createdAt: Generated<Date>
}

export type WebhookAttemptsTable = {
  id: ColumnType<string, never, never>
  deliveryId: string
  startedAt: Date
  durationMs: number
  statusCode: number | null
  error: string | null
  /** How the body of the answer begins. */
  answer: string | null
}
