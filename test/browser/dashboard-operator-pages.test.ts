import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { type Dashboard, startDashboard } from '../support/dashboard.ts'
import { insertCalls, insertEvent } from '../support/history.ts'
import { lookAtPage } from '../support/look-at-page.ts'
import { insertGeneration } from '../support/rows.ts'
import { describeWith } from '../support/skip.ts'

describeWith('chromium', "operators' pages", () => {
  let dashboard: Dashboard
  let page: Page
  const owners = () => page.getByRole('row').getByRole('link').allTextContents()

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
    dashboard = await startDashboard()
    page = dashboard.page
    await insertOwner('alice', 1, 3)
    await insertOwner('bob@studio.example', 4, 0)
    await insertOwner('carol', 2, 1)
  })
  afterAll(() => dashboard?.stop())

  test('users are sorted by what the address says, and by a click', async () => {
    await page.getByRole('link', { name: 'Users' }).click()
    await page.getByRole('cell', { name: '$0.1008' }).waitFor()
    expect(await owners()).toEqual(['bob@studio.example', 'carol', 'alice'])
    expect(await lookAtPage(page, 'users')).toEqual([])
    await page.getByRole('button', { name: 'Reuse rate' }).click()
    await page.waitForURL(/sort=reuseRate&order=desc/)
    await page.getByRole('columnheader', { name: 'Reuse rate' }).waitFor()
    await expectOwners(['alice', 'carol', 'bob@studio.example'])
    await page.keyboard.press('Enter')
    await page.waitForURL(/sort=reuseRate&order=asc/)
    await expectOwners(['bob@studio.example', 'carol', 'alice'])
    await page.reload()
    await expectOwners(['bob@studio.example', 'carol', 'alice'])
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

  test('complains of nothing, and asks nobody else', () => {
    expect(dashboard.complaints).toEqual([])
    expect(dashboard.foreign).toEqual([])
  })

  const expectOwners = async (expected: string[]) => {
    await page
      .getByRole('row')
      .nth(1)
      .getByRole('link', { name: String(expected[0]) })
      .waitFor()
    expect(await owners()).toEqual(expected)
  }
})
