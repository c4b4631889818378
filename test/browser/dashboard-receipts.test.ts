import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { type Dashboard, startDashboard } from '../support/dashboard.ts'
import { ALL_WIDTHS, lookAtPage } from '../support/look-at-page.ts'
import { describeWith } from '../support/skip.ts'

const PROMPT = 'a lighthouse at dusk, in oil, with gulls over the breakwater'

describeWith('chromium', 'the receipt of an image', () => {
  let dashboard: Dashboard
  let page: Page
  let id = ''
  let clicks = 0

  const call = async (method: string, path: string, body?: object) => {
    const { app } = dashboard
    const response = await fetch(`${app.url}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${await app.token('dev', true)}`,
        'Content-Type': 'application/json',
        Prefer: 'wait=20',
      },
      ...(body && { body: JSON.stringify(body) }),
    })
    return (await response.json()) as { id: string }
  }
  const ask = (body: object) => call('POST', '/api/visualize/generate', body)
  /** As somebody does who counts. */
  const click = async (role: 'link' | 'button', name: string | RegExp) => {
    clicks++
    await page.getByRole(role, { name }).first().click()
  }
  /** Presses the Tab key until what is named has the focus, as who has no mouse. */
  const tabTo = async (name: RegExp) => {
    for (let presses = 0; presses < 200; presses++) {
      const focused = await page.evaluate(
        'document.activeElement?.matches("a, button") ? document.activeElement.textContent : ""',
      )
      if (name.test(String(focused))) return
      await page.keyboard.press('Tab')
    }
    throw new Error(`nothing named ${name} comes by the Tab key`)
  }

  beforeAll(async () => {
    dashboard = await startDashboard()
    page = dashboard.page
    id = (await ask({ prompt: PROMPT })).id
    for (let n = 0; n < 3; n++) await ask({ prompt: PROMPT })
    await ask({ prompt: PROMPT.replace('dusk', 'dawn') })
    await ask({ prompt: PROMPT, variant: 'cover', aspectRatio: '16:9' })
    await ask({ prompt: 'the same in fog', conditionImage: id, transformation: 'enhance' })
    await ask({ prompt: PROMPT, skipExistingCheck: true })
  })
  afterAll(() => dashboard?.stop())

  test('says why an image was paid twice, after three clicks', async () => {
    clicks = 0
    await click('link', 'Generations')
    const row = page.getByRole('row', { name: new RegExp(PROMPT) }).first()
    await row.getByRole('link', { name: /its receipt/ }).click()
    clicks++
    await page.getByText('Why it was paid more than once').waitFor()
    expect(clicks).toBeLessThanOrEqual(4)
  })

  test('and by keyboard alone', async () => {
    await page.goto(`${dashboard.app.url}/`)
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
    await tabTo(/^Generations$/)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Generations', level: 1 }).waitFor()
    await page
      .getByRole('row', { name: new RegExp(PROMPT) })
      .first()
      .waitFor()
    await tabTo(/its receipt/)
    await page.keyboard.press('Enter')
    await page.getByText('Every asking').waitFor()
  })

  test('shows what was paid and saved, each asking, and what differs beside it', async () => {
    await page.goto(`${dashboard.app.url}/receipts/${id}`)
    await page
      .getByText(/An(other)? image was forced on .*by the operator dev, through the API/)
      .waitFor()
    const slip = page.getByRole('region', { name: 'The receipt' })
    expect(await slip.textContent()).toMatch(/paid on \w+ \d+\s*\$0\.0336/)
    await slip.locator('.is-shown').waitFor()
    const askings = page.getByRole('region', { name: 'Every asking' })
    await askings.getByText('Reused').nth(2).waitFor()
    expect(await askings.getByText('Reused').count()).toBe(3)
    await page.getByText('same request, paid again').waitFor()
    await page.getByText('made from this image').waitFor()
    expect(await page.locator('mark').allTextContents()).toEqual(
      expect.arrayContaining(['dawn,', 'cover', '16:9']),
    )
    expect(await page.title()).toContain('Receipt: a lighthouse at dusk')
    expect(await lookAtPage(page, 'receipt', ALL_WIDTHS)).toEqual([])
  })

  test('is shown to whoever has a link, without a session', async () => {
    await page.getByRole('button', { name: 'Share…' }).click()
    expect(await lookAtPage(page, 'receipt-share')).toEqual([])
    await page.getByRole('button', { name: 'Make the link' }).click()
    await page.getByRole('button', { name: 'Copy link' }).click()
    const url = String(await page.evaluate('navigator.clipboard.readText()'))
    await page.keyboard.press('Escape')
    await dashboard.context.clearCookies()
    await page.goto(url)
    await page.getByText('This page is good until').waitFor()
    await page.locator('.slip .is-shown').waitFor()
    expect(await page.locator('body').textContent()).not.toMatch(/\bdev\b/)
    expect(await lookAtPage(page, 'receipt-shared', ALL_WIDTHS)).toEqual([])
    await page.goto(url.replace(/exp=\d/, 'exp=9'))
    await page.getByText('This link is not, or no longer, good').waitFor()
  })

  test('complains of nothing, and asks nobody else', () => {
    expect(dashboard.complaints.filter((text) => !/404/.test(text))).toEqual([])
    expect(dashboard.foreign).toEqual([])
  })
})
