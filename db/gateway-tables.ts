import type { ColumnType, Generated } from 'kysely'
import type { BilledTo } from '../src/contract/vocabulary.ts'
import type { NanoUsd } from '../src/lib/money.ts'

/** Paid calls that are handed on to a provider as they came: written down before they are sent. */
export type GatewayCallsTable = {
  id: ColumnType<string, never, never>
  /** Null once the owner is erased. */
  ownerId: string | null
  keyId: string | null
  model: string
  /** As the provider's API names it: `generateContent`. */
  method: string
  startedAt: Generated<Date>
  /** Null while it is out, or when its process died. */
  finishedAt: Date | null
  /** What the provider answered with; null where it did not. */
  status: number | null
  /** What was set aside for it. */
  heldNanoUsd: NanoUsd
  costNanoUsd: NanoUsd
  /** True where nobody said what it cost. */
  isEstimate: Generated<boolean>
  /** As of attempts. */
  billedTo: Generated<BilledTo>
  callerCostNanoUsd: NanoUsd | null
  mayHaveCharged: Generated<boolean>
  /** The provider's own count, as JSON. */
  usage: ColumnType<unknown, string | null, string | null>
  /** False once analytics have it as it was sent, true once as it ended. */
  isCounted: boolean | null
}
