import type { AlertEventRow, AlertRow } from '../../../db/schema.ts'
import type { Alert, AlertEvent, Alerts } from '../../contract/alert.ts'
import { docsOf, formatChange } from './alert-texts.ts'
import type { AlertRule } from './rules.ts'

/** All alerts as they are answered: those that fire first, and among them those that began last. */
export const presentAlerts = (
  rules: readonly AlertRule[],
  { rows, evaluatedAt }: { rows: AlertRow[]; evaluatedAt: Date | null },
  intervalMs: number,
): Alerts => {
  const alerts = rules.map((rule) =>
    presentAlert(
      rule,
      rows.find(({ name }) => name === rule.name),
    ),
  )
  const firing = alerts.filter(({ state }) => state === 'firing')
  const rest = alerts.filter(({ state }) => state !== 'firing')
  firing.sort((a, b) => Date.parse(b.since ?? '') - Date.parse(a.since ?? ''))
  return {
    evaluatedAt: evaluatedAt?.toISOString() ?? null,
    intervalMs,
    alerts: [...firing, ...rest],
  }
}

const presentAlert = (rule: AlertRule, row: AlertRow | undefined): Alert => ({
  name: rule.name,
  state: row?.state ?? 'ok',
  title: rule.title,
  measures: rule.measures,
  meaning: rule.meaning,
  action: rule.action,
  docs: docsOf(rule.name),
  unit: rule.unit,
  value: row?.value ?? null,
  sample: row?.sample ?? 0,
  minSample: rule.minSample,
  windowMs: rule.windowMs,
  fires: rule.fires,
  threshold: rule.threshold,
  resolvesAt: rule.resolvesAt,
  target: rule.target,
  since: row?.since.toISOString() ?? null,
  firedAt: row?.firedAt?.toISOString() ?? null,
  resolvedAt: row?.resolvedAt?.toISOString() ?? null,
})

/** A change as it is answered, logged and delivered. */
export const presentAlertEvent = (
  rules: readonly AlertRule[],
  { at, ...row }: AlertEventRow,
): AlertEvent => {
  const rule = rules.find(({ name }) => name === row.alert)
  if (!rule) throw new Error(`there is no alert ${row.alert}`)
  return {
    ...row,
    at: at.toISOString(),
    title: rule.title,
    message: formatChange(rule, row),
    unit: rule.unit,
  }
}
