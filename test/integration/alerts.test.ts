import { afterEach, expect, test } from '@jest/globals'
import { type AlertApp, startAlertApp } from '../support/alerts.ts'

let app: AlertApp | undefined
afterEach(() => app?.stop())

test('no_worker fires when the last worker stops, and resolves with the next one', async () => {
  app = await startAlertApp()
  await app.waitForState('no_worker', 'ok')
  await app.stopWorkers()
  const { value } = await app.waitForState('no_worker', 'firing')
  expect(value).toBe(0)
  await app.startWorker()
  await app.waitForState('no_worker', 'resolved')
})
