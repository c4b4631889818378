import type { ColumnType, Generated } from 'kysely'

/** Bills that were compared with what is booked, each with what came of it. */
export type ReconciliationsTable = {
  id: ColumnType<string, never, never>
  createdAt: Generated<Date>
  /** An operator, or `command line`. */
  createdBy: string
  /** Of the bill's file. */
  billName: string
  isExplained: boolean
  /** As `reconciliationSchema` has it, but for what stands in columns. */
  report: ColumnType<Record<string, unknown>, string, never>
}

/** A table of paid calls, and their ids in it. */
export type CallTable = 'attempts' | 'gateway_calls' | 'embedding_calls' | 'judge_calls'

/** Calls of unknown cost that a bill has told: who changed what, when, and by which bill. Each is settled once. */
export type SettlementsTable = {
  id: ColumnType<string, never, never>
  reconciliationId: string
  callTable: CallTable
  callId: string
  fromNanoUsd: ColumnType<string, number, never>
  toNanoUsd: ColumnType<string, number, never>
  /** `row`: a row of the bill is its own. `share`: its share of what a day's row has for several. `absent`: the bill has none. */
  basis: 'row' | 'share' | 'absent'
  settledAt: Generated<Date>
  settledBy: string
}
