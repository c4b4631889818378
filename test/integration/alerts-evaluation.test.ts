import { afterEach, beforeEach, expect, test } from '@jest/globals'
import pino from 'pino'
import { createApi } from '../../src/app/api.ts'
import {
  claimEvaluation,
  findAlerts,
  listAlertEvents,
  lockEvaluation,
} from '../../src/features/alerts/repository.ts'
import { type AlertApp, startAlertApp } from '../support/alerts.ts'
import { createClient } from '../support/client.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'
import { waitFor } from '../support/wait-for.ts'

const INTERVAL_MS = 100
const HOUR_MS = 3_600_000

/** A database and all that a process needs, and no process. */
let app: AlertApp
let releases: (() => Promise<void>)[] = []
beforeEach(async () => {
  app = await startAlertApp({ apis: 0, workers: 0, env: { ALERT_INTERVAL_MS: `${INTERVAL_MS}` } })
})
afterEach(async () => {
  for (const release of releases.reverse()) await release()
  releases = []
  await app.stop()
})

/** An API process, and what it logs. */
const startApi = async (databaseUrl = app.config.database.url) => {
  const lines: { level: number; msg: string; alert?: string; value?: number }[] = []
  const logger = pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) })
  const database = { ...app.config.database, url: databaseUrl }
  const api = createApi({ ...app.config, database }, app.secrets, logger)
  const { url } = await api.start()
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= api.stop({ idleMs: 0 })
    return stopped
  }
  releases.push(stop)
  return { url, lines, stop }
}

const findNoWorker = async () => {
  const { rows, evaluatedAt } = await findAlerts(app.db)
  return { evaluatedAt: Number(evaluatedAt), alert: rows.find(({ name }) => name === 'no_worker') }
}

const waitForFiring = () =>
  waitFor(
    async () => {
      const found = await findNoWorker()
      return found.alert?.state === 'firing' && found
    },
    { what: 'no_worker to fire' },
  )

const waitForEvaluationAfter = (evaluatedAt: number) =>
  waitFor(async () => (await findNoWorker()).evaluatedAt > evaluatedAt, { what: 'an evaluation' })

test('an alert stays as it is through a restart of all processes, and is logged once', async () => {
  const first = await startApi()
  const { alert } = await waitForFiring()
  await first.stop()
  const { evaluatedAt } = await findNoWorker()
  const second = await startApi()
  await waitForEvaluationAfter(evaluatedAt)
  expect((await findNoWorker()).alert).toEqual(alert)
  expect(await listAlertEvents(app.db, { before: undefined, limit: 10 })).toHaveLength(1)
  const logged = [...first.lines, ...second.lines].filter((line) => line.alert === 'no_worker')
  expect(logged).toMatchObject([
    { level: 40, value: 0, msg: expect.stringContaining('No worker is alive') },
  ])
})

test('none is evaluated while Postgres is away; whoever asks is told so, and the log once', async () => {
  const proxy = await startPostgresProxy(app.config.database.url ?? '')
  releases.push(proxy.close)
  const { url, lines } = await startApi(proxy.url)
  const operator = await createClient({ url, token: app.token }, 'olga', true)
  const ask = () => operator.call('GET', '/api/alerts')
  await waitForFiring()
  expect((await ask()).status).toBe(200)
  await proxy.cut()
  expect(await ask()).toMatchObject({ status: 503, body: { code: 'unavailable' } })
  const { evaluatedAt } = await findNoWorker()
  const find = () => lines.filter(({ msg }) => msg === 'the alerts were not evaluated')
  await waitFor(() => find().length > 0, { what: 'the log' })
  expect((await findNoWorker()).evaluatedAt).toBe(evaluatedAt)
  await proxy.mend()
  await waitForEvaluationAfter(evaluatedAt)
  expect((await ask()).status).toBe(200)
  expect(find()).toHaveLength(1)
})

test('an evaluation is one of all processes alone, and the next one when that died with it', async () => {
  const { db } = app
  const claimAll = async () => {
    const claims = Array.from({ length: 20 }, () => claimEvaluation(db, HOUR_MS))
    return (await Promise.all(claims)).filter((claim) => claim !== undefined)
  }
  const lock = (claim = '') => db.transaction().execute((tx) => lockEvaluation(tx, claim))
  const [first, ...others] = await claimAll()
  expect([first, others]).toEqual([expect.any(String), []])
  expect(await claimAll()).toEqual([])
  await db
    .updateTable('alertEvaluation')
    .set({ claimedFor: new Date(Date.now() - HOUR_MS) })
    .execute()
  const [second] = await claimAll()
  expect(await lock(first)).toBeUndefined()
  expect(await lock(second)).toBeInstanceOf(Date)
})

test('many processes evaluate once in an interval', async () => {
  await Promise.all([startApi(), startApi(), startApi()])
  const { evaluatedAt } = await waitForFiring()
  const countClaims = async () => {
    const row = await app.db.selectFrom('alertEvaluation').select('claims').executeTakeFirst()
    return Number(row?.claims)
  }
  const before = await countClaims()
  const startedAt = Date.now()
  await waitForEvaluationAfter(evaluatedAt + 5 * INTERVAL_MS)
  const intervals = Math.ceil((Date.now() - startedAt) / INTERVAL_MS) + 1
  expect((await countClaims()) - before).toBeLessThanOrEqual(intervals)
})
