import type { ColumnType, Generated } from 'kysely'
import type { AlertChange, AlertName, AlertState } from '../src/contract/vocabulary.ts'

/** How each alert stands, once it has been evaluated. */
export type AlertsTable = {
  name: AlertName
  state: AlertState
  /** How many evaluations in a row have spoken against the state. */
  streak: number
  /** What was measured last; null when there was nothing to measure. */
  value: number | null
  /** Null while it is switched off. */
  threshold: number | null
  sample: number
  since: Date
  firedAt: Date | null
  resolvedAt: Date | null
}

/** Its changes of state, with what was measured then. */
export type AlertEventsTable = {
  id: Generated<string>
  alert: AlertName
  state: AlertChange
  at: Date
  value: number | null
  threshold: number | null
  sample: number
}

/** One row: only the process with the newest claim may write an evaluation. */
export type AlertEvaluationTable = {
  isOnly: Generated<boolean>
  claims: ColumnType<string, number, never>
  /** The beginning of the interval that was claimed last. */
  claimedFor: Date
  evaluatedAt: Date | null
}

/** How each process's statements were answered lately, as it last said itself. */
export type QueryTimesTable = {
  processId: string
  count: number
  p95Ms: number | null
  seenAt: Generated<Date>
}
