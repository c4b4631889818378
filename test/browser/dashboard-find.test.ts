import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import type { Page } from 'playwright-core'
import { type Dashboard, startDashboard } from '../support/dashboard.ts'
import { ALL_WIDTHS, lookAtPage } from '../support/look-at-page.ts'
import { insertSuccess } from '../support/rows.ts'
import { describeWith } from '../support/skip.ts'

const DAY_MS = 86_400_000
const YESTERDAYS = 'a heron over the reed bed, in ink'

describeWith('chromium', 'finding', () => {
  let dashboard: Dashboard
  let page: Page
  const palette = () => page.getByRole('dialog', { name: 'Find' })
  const options = () => palette().getByRole('option')
  /** Once the palette is there, which has the focus then. */
  const typeInto = async (text: string) => {
    await palette().getByRole('combobox').waitFor()
    await page.keyboard.type(text)
  }
  const tiles = () => page.getByRole('list', { name: 'Images' }).getByRole('listitem')
  const waitForCount = (text: string) => page.getByRole('status').getByText(text).waitFor()

  beforeAll(async () => {
    dashboard = await startDashboard()
    page = dashboard.page
    const { app } = dashboard
    const headers = {
      Authorization: `Bearer ${await app.token('dev', true)}`,
      'Content-Type': 'application/json',
      Prefer: 'wait=20',
    }
    for (const prompt of [YESTERDAYS, 'a heron today', 'a bowl of figs']) {
      const body = JSON.stringify({ prompt })
      await fetch(`${app.url}/api/visualize/generate`, { method: 'POST', headers, body })
    }
    const yesterday = new Date(Date.now() - DAY_MS)
    await sql`update generations set created_at = ${yesterday} where prompt = ${YESTERDAYS}`.execute(
      app.db,
    )
    await sql`update image_metadata set generated_at = ${yesterday} where prompt = ${YESTERDAYS}`.execute(
      app.db,
    )
    await app.db.insertInto('users').values({ id: 'herbert' }).execute()
    await insertSuccess(app.db, { ownerId: 'herbert', prompt: 'a heron of herbert' })
  })
  afterAll(() => dashboard?.stop())

  test('the image of yesterday is found by keyboard alone, from any page', async () => {
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
    await page.keyboard.press('Control+k')
    await palette().getByText('Pages').waitFor()
    expect(await lookAtPage(page, 'find-empty')).toEqual([])
    await page.keyboard.type('heron yesterday')
    await options().filter({ hasText: YESTERDAYS }).waitFor()
    await options().filter({ hasText: 'a heron today' }).waitFor({ state: 'detached' })
    await palette().locator('.is-shown').first().waitFor()
    expect(await lookAtPage(page, 'find', ALL_WIDTHS)).toEqual([])
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/receipts\/g_/)
    await page.getByRole('region', { name: 'The receipt' }).getByText(YESTERDAYS).waitFor()
  })

  test('and by mouse, after two clicks', async () => {
    await page.getByRole('button', { name: /^Find/ }).click()
    await typeInto('reed')
    await options().filter({ hasText: YESTERDAYS }).click()
    await page.waitForURL(/\/receipts\/g_/)
  })

  test('owners, errors, pages and actions are found, and the slash opens it', async () => {
    await page.getByRole('heading', { level: 1, name: 'Receipt' }).click()
    await page.keyboard.press('/')
    await typeInto('herb')
    await options().filter({ hasText: 'a heron of herbert' }).waitFor()
    await palette().getByRole('group', { name: 'Owners' }).getByText('herbert').waitFor()
    expect(await lookAtPage(page, 'find-owner')).toEqual([])
    for (const [typed, found, url] of [
      ['refused', 'refused_prompt', /errorCode=refused_prompt/],
      ['pause', 'Pause or resume paying', /\/spending$/],
      ['galle', 'Gallery', /\/gallery$/],
    ] as const) {
      await palette().getByRole('combobox').fill(typed)
      const option = options().filter({ hasText: found }).first()
      await option.waitFor()
      await option.click()
      await page.waitForURL(url)
      await page.keyboard.press('Control+k')
    }
    await page.keyboard.press('Escape')
    await palette().waitFor({ state: 'detached' })
  })

  test('a search of generations is in the address, and the way back undoes it', async () => {
    await page.getByRole('link', { name: 'Generations', exact: true }).click()
    await waitForCount('4 generations')
    await page.getByRole('searchbox', { name: 'Prompt' }).fill('heron')
    await waitForCount('3 generations')
    await page.getByRole('searchbox', { name: 'Prompt' }).fill('heron ink')
    await waitForCount('1 generation')
    await page.getByLabel('Status').selectOption('failed')
    await page.getByText('Nothing matches').waitFor()
    expect(page.url()).toContain('q=heron+ink&status=failed')
    await page.reload()
    await page.getByText('Nothing matches').waitFor()
    await page.goBack()
    await waitForCount('1 generation')
    expect(await page.getByRole('searchbox', { name: 'Prompt' }).inputValue()).toBe('heron ink')
    await page.goBack()
    await waitForCount('4 generations')
    expect(await page.getByRole('searchbox', { name: 'Prompt' }).inputValue()).toBe('')
    await page.goForward()
    await waitForCount('1 generation')
    await page.getByRole('link', { name: 'Show all' }).click()
    await page.getByRole('button', { name: 'Cost' }).click()
    await page.waitForURL(/sort=dearest/)
    await page.getByText('More filters').click()
    await page.getByRole('searchbox', { name: 'Owner' }).fill('herbert')
    await page.keyboard.press('Enter')
    await waitForCount('1 generation')
    await page.getByLabel('Cost from, in $').fill('0')
    await page.keyboard.press('Enter')
    await page.waitForURL(/minCostUsd=0/)
    expect(await lookAtPage(page, 'find-generations', ALL_WIDTHS)).toEqual([])
  })

  test('the gallery is searched, jumps to a day, and keeps its place', async () => {
    const { db } = dashboard.app
    const images = Array.from({ length: 300 }, (_, n) => newImage(n))
    await db.insertInto('imageMetadata').values(images).execute()
    await page.goto(`${dashboard.app.url}/gallery`)
    await waitForCount('303 images')
    expect(await lookAtPage(page, 'find-gallery', ALL_WIDTHS)).toEqual([])
    await page.getByRole('searchbox', { name: 'Prompt' }).fill('heron')
    await waitForCount('2 images')
    await page.getByRole('searchbox', { name: 'Prompt' }).fill('')
    await waitForCount('303 images')
    await page.getByLabel('To', { exact: true }).fill('2026-03-10')
    await waitForCount('69 images')
    await page.getByLabel('To', { exact: true }).fill('')
    await waitForCount('303 images')
    while ((await tiles().count()) < 150) {
      await page.mouse.wheel(0, 4_000)
      await page.waitForTimeout(50)
    }
    await page.waitForURL(/at=/)
    await page.reload()
    await page.getByText('Show from the beginning').waitFor()
    const name = await tiles().first().getByRole('button').getAttribute('aria-label')
    expect(name).not.toContain('heron')
    await page.getByText('Show from the beginning').click()
    await tiles().getByText('a heron today').waitFor()
  })

  test('complains of nothing, and asks nobody else', () => {
    expect(dashboard.complaints.filter((text) => !/404/.test(text))).toEqual([])
    expect(dashboard.foreign).toEqual([])
  })
})

/** A day after the other, from the first of 2026 on. */
const newImage = (n: number) => {
  const id = `i_${randomBytes(20).toString('hex')}`
  return {
    id,
    userId: 'dev',
    imageUrl: `/images/${id}`,
    imageType: 'user_uploaded' as const,
    generatedAt: new Date(2026, 0, 1 + n, 12),
  }
}
