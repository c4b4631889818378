import type { Transaction } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { AlertRow, Schema } from '../../../db/schema.ts'
import type { AlertEvent } from '../../contract/alert.ts'
import type { AlertChange } from '../../contract/vocabulary.ts'
import { type MeasureSources, measure } from './measure.ts'
import { decide, type Measurement } from './next-state.ts'
import { presentAlertEvent } from './present.ts'
import {
  claimEvaluation,
  findAlerts,
  insertAlertEvents,
  lockEvaluation,
  saveAlerts,
} from './repository.ts'
import type { AlertRule } from './rules.ts'

export type EvaluateDeps = {
  db: Database
  rules: readonly AlertRule[]
  intervalMs: number
  sources: MeasureSources
  /** Queues what endpoints get to hear of changes, in the transaction that makes them. */
  tellEndpoints: (tx: Transaction<Schema>, events: readonly AlertEvent[]) => Promise<void>
}

/**
 * Looks at all alerts, if no process has in this interval, and returns their changes. A change, its history and the deliveries
 * to endpoints are written together or not at all.
 */
export const evaluateAlerts = async (deps: EvaluateDeps): Promise<AlertEvent[]> => {
  const { db, rules, intervalMs, tellEndpoints } = deps
  const claim = await claimEvaluation(db, intervalMs)
  if (claim === undefined) return []
  const measured = await measure(deps)
  return db.transaction().execute(async (tx) => {
    const at = await lockEvaluation(tx, claim)
    if (!at) return []
    const { rows } = await findAlerts(tx)
    const steps = rules.map((rule) => {
      const row = rows.find(({ name }) => name === rule.name)
      return takeStep(rule, row, measured.get(rule.name) ?? nothing, at)
    })
    await saveAlerts(
      tx,
      steps.map((step) => step.row),
    )
    const inserted = await insertAlertEvents(tx, steps.flatMap(toEvent))
    const events = inserted.map((event) => presentAlertEvent(rules, event))
    if (events.length > 0) await tellEndpoints(tx, events)
    return events
  })
}

const nothing: Measurement = { value: null, sample: 0 }

type Step = { row: AlertRow; change: AlertChange | undefined }

const takeStep = (
  rule: AlertRule,
  before: AlertRow | undefined,
  measured: Measurement,
  at: Date,
): Step => {
  const memory = before ?? { state: 'ok' as const, streak: 0 }
  const { change, ...next } = decide(rule, memory, measured)
  const row: AlertRow = {
    name: rule.name,
    ...next,
    ...measured,
    threshold: rule.threshold,
    since: change || !before ? at : before.since,
    firedAt: change === 'firing' ? at : (before?.firedAt ?? null),
    resolvedAt: change === 'resolved' ? at : (before?.resolvedAt ?? null),
  }
  return { row, change }
}

const toEvent = ({ row, change }: Step) => {
  if (!change) return []
  const { name: alert, value, threshold, sample, since: at } = row
  return [{ alert, state: change, at, value, threshold, sample }]
}
