import type { ColumnType, Generated } from 'kysely'
import type { NanoUsd, NanoUsdSum } from '../src/lib/money.ts'

/** What a sum or a limit is of: `all`, or one of `prefix:`, `owner:` and `key:` with a name after it. */
export type Scope = 'all' | `${'prefix' | 'owner' | 'key'}:${string}`

/** A UTC day, or a UTC month. */
export type Period = 'day' | 'month'

/** What calls of a period have cost, and may cost yet: kept by triggers, in billionths of a US dollar. */
export type SpendingTable = {
  scope: Scope
  period: Period
  starts: ColumnType<string, string, never>
  nanoUsd: ColumnType<NanoUsdSum, NanoUsdSum | string, never>
}

/** The limits that operators set; null leaves a period to the settings. */
export type BudgetsTable = {
  scope: Scope
  /** Of a `prefix:` what its owners' names start with. */
  prefix: ColumnType<string | null, never, never>
  dailyNanoUsd: ColumnType<NanoUsdSum | null, string | null, string | null>
  monthlyNanoUsd: ColumnType<NanoUsdSum | null, string | null, string | null>
  updatedAt: Generated<Date>
}

/** One row: whether all paying is stopped, since when and by whom; and what the settings say. */
export type SpendingSwitchTable = {
  isOnly: Generated<boolean>
  pausedAt: Date | null
  pausedBy: string | null
  /** The limits of the settings under which what waits was last tried; null before the first start that knows of this. */
  settings: string | null
}

/** Paid calls that make embeddings of prompts: written down before they are sent. */
export type EmbeddingCallsTable = {
  id: ColumnType<string, never, never>
  /** Null for those that maintenance makes, which are nobody's. */
  ownerId: string | null
  keyId: string | null
  model: string
  startedAt: Generated<Date>
  /** Null while it is out, or when its worker died. */
  finishedAt: Date | null
  heldNanoUsd: NanoUsd
  costNanoUsd: NanoUsd
}
