import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { type Dashboard, startDashboard } from '../support/dashboard.ts'
import { insertCalls, insertEvent } from '../support/history.ts'
import { lookAtPage } from '../support/look-at-page.ts'
import { insertGeneration } from '../support/rows.ts'
import { describeWith } from '../support/skip.ts'
import { waitFor } from '../support/wait-for.ts'

const OWNERS_PAGES = [
  'Overview',
  'Playground',
  'Generations',
  'Gallery',
  'Similar prompts',
  'Webhooks',
  'Your data',
]
const SECRETS = {
  AUTH_JWT_SECRET: 'a secret that signs tokens and is shown to nobody',
  METRICS_TOKEN: 'another-that-reads-metrics',
}

describeWith('chromium', "operators' pages", () => {
  let dashboard: Dashboard
  let page: Page
  const owners = () => page.locator('tbody a.owner').allTextContents()

  /** What an owner asked for today: so many made, and so many answered from what exists. */
  const insertOwner = async (ownerId: string, made: number, reused: number) => {
    const { db } = dashboard.app
    await db.insertInto('users').values({ id: ownerId }).execute()
    const { id: generationId } = await insertGeneration(db, { ownerId, status: 'canceled' })
    const at = new Date().toISOString()
    const end = { outcome: 'image', mayHaveCharged: true, costUsd: 0.0336 }
    await insertCalls(
      db,
      Array.from({ length: made }, () => ({ generationId, at, end })),
    )
    const write = (type: string, data: object) => insertEvent(db, { ownerId, type, at, data })
    for (let n = 0; n < made; n++) {
      await write('generation_started', {})
      await write('generation_completed', { durationMs: 900, costUsd: 0.0336 })
    }
    for (let n = 0; n < reused; n++)
      await write('generation_skipped', { source: 'exact', savedUsd: 0.0336 })
  }

  beforeAll(async () => {
    dashboard = await startDashboard({ env: { ...SECRETS, ALERT_INTERVAL_MS: '200' } })
    page = dashboard.page
    await insertOwner('alice', 1, 3)
    await insertOwner('bob@studio.example', 4, 0)
    await insertOwner('carol', 2, 1)
  })
  afterAll(() => dashboard?.stop())

  test('owners are sorted by what the address says, and by a click', async () => {
    await page.getByRole('link', { name: 'Owners' }).click()
    await page.getByRole('cell', { name: '$0.1008' }).waitFor()
    expect(await owners()).toEqual(['bob@studio.example', 'carol', 'alice'])
    expect(await lookAtPage(page, 'owners')).toEqual([])
    await page.getByRole('button', { name: 'Reuse rate' }).click()
    await page.waitForURL(/sort=reuseRate&order=desc/)
    await page.getByRole('columnheader', { name: 'Reuse rate' }).waitFor()
    await expectOwners(['alice', 'carol', 'bob@studio.example'])
    await page.keyboard.press('Enter')
    await page.waitForURL(/sort=reuseRate&order=asc/)
    await expectOwners(['bob@studio.example', 'carol', 'alice'])
    await page.reload()
    await expectOwners(['bob@studio.example', 'carol', 'alice'])
    await page.setViewportSize({ width: 380, height: 900 })
    await page.getByRole('combobox', { name: 'Sorted by' }).selectOption('owner')
    await expectOwners(['alice', 'bob@studio.example', 'carol'])
    await page.setViewportSize({ width: 1280, height: 900 })
  })

  test('the table is kept as a file that has the same figures', async () => {
    const downloading = page.waitForEvent('download')
    await page.getByRole('link', { name: 'CSV' }).click()
    const text = await readFile(await (await downloading).path(), 'utf8')
    const [names = [], ...rows] = text
      .trim()
      .split('\r\n')
      .map((line) => line.split(','))
    const figures = rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]])))
    expect(figures).toHaveLength(3)
    expect(figures.find(({ owner }) => owner === 'carol')).toMatchObject({
      total: '3',
      spend_usd: '0.0672',
      saved_usd: '0.0336',
      reuse_rate_percent: '33.33',
    })
  })

  test("an owner's name leads to their generations", async () => {
    await page.getByRole('link', { name: 'carol' }).click()
    await page.waitForURL(/\/generations\?owner=carol/)
    await page.getByRole('row').filter({ hasText: 'a test' }).waitFor()
  })

  test('an owner is exported, and erased once their name is typed', async () => {
    await page.getByRole('link', { name: 'Owners' }).click()
    await page
      .getByRole('row')
      .filter({ hasText: 'carol' })
      .getByRole('link', { name: 'Export or erase' })
      .click()
    await page.getByRole('heading', { level: 1, name: 'Data of an owner' }).waitFor()
    const downloading = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Export' }).click()
    const archive = await readFile(await (await downloading).path())
    expect(archive.subarray(0, 10).toString()).toBe('about.json')
    await page.getByRole('button', { name: 'Erase…' }).click()
    const erase = page.getByRole('button', { name: 'Erase everything' })
    expect(await erase.isDisabled()).toBe(true)
    expect(await lookAtPage(page, 'erase')).toEqual([])
    await page.getByRole('textbox', { name: 'Type carol to go on' }).fill('carol')
    await erase.click()
    await page.getByText('Everything was erased').waitFor()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await lookAtPage(page, 'erased')).toEqual([])
    const rows = await dashboard.app.db.selectFrom('generations').select('ownerId').execute()
    expect(rows.map(({ ownerId }) => ownerId)).not.toContain('carol')
    await page.getByRole('link', { name: 'Your data' }).click()
    await page.getByRole('heading', { level: 1, name: 'Your data' }).waitFor()
    expect(await lookAtPage(page, 'data')).toEqual([])
  })

  test('settings are found by a word, and tell what differs, but no secret', async () => {
    await page.getByRole('link', { name: 'Settings' }).click()
    const setting = (name: string) => page.getByRole('listitem').filter({ hasText: name })
    await setting('AUTH_JWT_SECRET').getByText('set, hidden').waitFor()
    for (const secret of Object.values(SECRETS)) expect(await page.content()).not.toContain(secret)
    await page.getByRole('cell', { name: 'alive' }).waitFor()
    expect(await lookAtPage(page, 'settings')).toEqual([])
    await page.getByRole('searchbox', { name: 'Find a setting' }).fill('spaced doubled')
    await setting('DATABASE_URL').waitFor({ state: 'detached' })
    expect(await setting('RETRY_BACKOFF_MS').textContent()).toContain('set here20default: ')
    await page.getByRole('searchbox').fill('')
    await page.getByRole('checkbox', { name: 'Only what differs' }).check()
    await setting('HOOK_DEBOUNCE_MS').waitFor({ state: 'detached' })
    await setting('RETRY_BACKOFF_MS').waitFor()
    expect(await page.getByRole('link', { name: 'Queues' }).getAttribute('href')).toBe(
      '/admin/queues',
    )
  })

  test('a key is made, shown once, and revoked', async () => {
    await page.getByRole('link', { name: 'Keys' }).click()
    await page.getByRole('button', { name: 'Make a key' }).click()
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('the shop’s back end')
    expect(await lookAtPage(page, 'keys-dialog')).toEqual([])
    await page.getByRole('textbox', { name: 'Sizes' }).fill('1K, 2K')
    await page.getByRole('button', { name: 'Make it' }).click()
    const shown = page.getByRole('dialog', { name: 'The key' })
    const secret = (await shown.getByRole('figure').locator('code').textContent()) ?? ''
    expect(secret).toMatch(/^io_[0-9A-Za-z]{38}$/)
    expect(await lookAtPage(page, 'keys-shown')).toEqual([])
    await shown.getByRole('button', { name: 'I have kept it' }).click()
    const row = page.getByRole('row').filter({ hasText: 'the shop’s back end' })
    await row.getByText('active').waitFor()
    expect(await page.content()).not.toContain(secret)
    expect(await lookAtPage(page, 'keys')).toEqual([])
    const headers = { 'x-api-key': secret, 'Imageonce-Owner': 'user-1' }
    const statusOf = async () => (await fetch(`${dashboard.app.url}/api/info`, { headers })).status
    expect(await statusOf()).toBe(200)
    await row.getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('button', { name: 'Revoke it' }).click()
    await row.getByText('revoked').waitFor()
    await waitFor(async () => (await statusOf()) === 401, { what: 'the key to be refused' })
  })

  test('an alert that fires is told with what to do, and then is history', async () => {
    await dashboard.app.stopWorkers()
    await page.getByRole('link', { name: 'Alerts' }).click()
    const alert = page.getByRole('region', { name: 'No worker is alive' })
    await alert.waitFor()
    expect(await alert.textContent()).toContain('Workers alive0fires below 1')
    expect(await alert.textContent()).toContain('Start a worker')
    const history = page.getByRole('list', { name: 'History' })
    // It may have fired before the first worker was there.
    await history.getByText('No worker is alive. Workers alive: 0').first().waitFor()
    expect(await lookAtPage(page, 'alerts')).toEqual([])
    await dashboard.app.startWorker()
    await alert.waitFor({ state: 'detached' })
    await history.getByText('No longer: No worker is alive').first().waitFor()
  })

  test('a budget is set, its bar is seen, and all paying is stopped and goes on', async () => {
    await page.getByRole('link', { name: 'Spending' }).click()
    await page.getByRole('button', { name: 'Set a budget' }).click()
    const dialog = page.getByRole('dialog', { name: 'Set a budget' })
    await dialog.getByLabel('US dollars a day').fill('0.15')
    await dialog.getByLabel('Scope').fill('owner:bob@studio.example')
    await dialog.getByRole('button', { name: 'Set it' }).click()
    const limits = page.getByRole('region', { name: 'Limits' })
    await limits.getByText('$0.15').waitFor()
    expect(await limits.getByRole('row').last().textContent()).toContain(
      'owner:bob@studio.exampleday',
    )
    expect(await lookAtPage(page, 'spending')).toEqual([])
    await page.getByRole('button', { name: 'Stop all paying' }).click()
    await page.getByRole('button', { name: 'Stop it' }).click()
    await page.getByText('no call is paid for').waitFor()
    expect(await lookAtPage(page, 'spending-stopped')).toEqual([])
    await page.getByRole('button', { name: 'Let it go on' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Let it go on' }).click()
    await page.getByText('Calls are paid for within their limits.').waitFor()
    await page.getByRole('button', { name: 'Remove the budget of owner:bob' }).click()
    await page.getByText('No budget is set').waitFor()
  })

  test('others see neither the links nor the pages', async () => {
    const { app } = dashboard
    const token = await app.token('alice')
    // No page is there that would ask on, and be refused.
    await page.goto('about:blank')
    await dashboard.context.clearCookies()
    await page.goto(`${app.url}/gallery#token=${token}`)
    await page.getByText('You have no images yet').waitFor()
    const links = page.getByRole('navigation', { name: 'Pages' }).getByRole('link')
    expect(await links.allTextContents()).toEqual(OWNERS_PAGES)
    for (const path of ['/owners', '/settings', '/alerts', '/keys', '/spending']) {
      await page.goto(app.url + path)
      await page.getByText('This page is for operators').waitFor()
    }
    expect(await lookAtPage(page, 'operators-only')).toEqual([])
    await page.goto(`${app.url}/webhooks`)
    await page.getByRole('button', { name: 'Add an endpoint' }).click()
    await page.getByRole('checkbox', { name: 'generation.failed' }).waitFor()
    expect(await page.getByRole('checkbox').count()).toBe(3)
  })

  test('complains of nothing, and asks nobody else', () => {
    expect(dashboard.complaints).toEqual([])
    expect(dashboard.foreign).toEqual([])
  })

  const expectOwners = async (expected: string[]) => {
    await page.locator('tbody a').first().getByText(String(expected[0])).waitFor()
    expect(await owners()).toEqual(expected)
  }
})
