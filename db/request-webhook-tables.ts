import type { Generated } from 'kysely'

/** Where the end of a single request is told, in the words of the dialect that it came in. */
export type RequestWebhooksTable = {
  id: Generated<string>
  ownerId: string
  dialect: string
  url: string
  /** What the caller knows the request by. */
  requestId: string
  /** All of these must have ended. */
  generationIds: string[]
  status: Generated<'waiting' | 'pending' | 'delivered' | 'failed'>
  /** What is told, the same at each attempt; null while it waits. */
  body: string | null
  failures: Generated<number>
  /** Raised by every claim; a worker that holds an older one may change nothing. */
  claims: Generated<number>
  /** Null when none is to come. */
  nextAttemptAt: Date | null
  leaseExpiresAt: Date | null
  /** How the last attempt went. */
  statusCode: number | null
  error: string | null
  createdAt: Generated<Date>
}
