import { type Alert, alertHistorySchema, alertsSchema } from '../../src/contract/alert.ts'
import type { AlertName } from '../../src/contract/vocabulary.ts'
import type { AlertRule } from '../../src/features/alerts/rules.ts'
import { startTestApp, type TestAppOptions } from './app.ts'
import { createClient } from './client.ts'
import { waitFor } from './wait-for.ts'

export type AlertApp = Awaited<ReturnType<typeof startAlertApp>>

/** What goes by the second instead of by the quarter of an hour. */
const WINDOW_MS = 1_000

/** A test app whose alerts are evaluated all the time, after moments and with few cases. */
export const startAlertApp = async ({ env = {}, overrides, ...options }: TestAppOptions = {}) => {
  const app = await startTestApp({
    ...options,
    env: { ALERT_INTERVAL_MS: '50', WEBHOOK_ALLOW_PRIVATE: 'true', ...env },
    overrides: { adjustAlertRule, ...overrides },
  })
  const operator = await createClient(app, 'olga', true)
  const alice = await createClient(app)

  const list = async () => {
    const { body } = await operator.call('GET', '/api/alerts')
    return alertsSchema.strict().parse(body)
  }
  /** The changes of one alert, oldest first. */
  const listChanges = async (name: AlertName) => {
    const { body } = await operator.call('GET', '/api/alerts/history?limit=100')
    const { events } = alertHistorySchema.strict().parse(body)
    return events.filter(({ alert }) => alert === name).reverse()
  }
  /** Waits until an alert is in a state, doing something again and again meanwhile. */
  const waitForState = (
    name: AlertName,
    state: Alert['state'],
    meanwhile: () => unknown = () => {},
  ): Promise<Alert> =>
    waitFor(
      async () => {
        await meanwhile()
        const { alerts } = await list()
        return alerts.find((alert) => alert.name === name && alert.state === state)
      },
      { what: `${name} to be ${state}` },
    )
  let asked = 0
  /** Asks for some images that nobody asked for before, at once. */
  const generateNew = (count = 5) =>
    Promise.all(
      Array.from({ length: count }, () => alice.generateAndWait({ prompt: `new ${asked++}` })),
    )

  return { ...app, operator, alice, list, listChanges, waitForState, generateNew }
}

export const adjustAlertRule = (rule: AlertRule): AlertRule => ({
  ...rule,
  minSample: Math.min(rule.minSample, 5),
  windowMs: rule.windowMs && WINDOW_MS,
})
