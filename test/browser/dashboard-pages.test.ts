import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import type { AnalyticsSummary } from '../../src/contract/analytics.ts'
import { type Dashboard, startDashboard } from '../support/dashboard.ts'
import { lookAtPage } from '../support/look-at-page.ts'
import { describeWith } from '../support/skip.ts'
import { waitFor } from '../support/wait-for.ts'

const LONG =
  'a harbour town in the rain with crooked houses, gulls on every roof, a red tram climbing the hill, lamps lit in the afternoon, in the manner of a woodcut with few colours and much paper left white'

describeWith('chromium', 'the overview and the generations', () => {
  let dashboard: Dashboard
  let page: Page

  const open = (path: string) => page.goto(`${dashboard.app.url}${path}`)
  const row = (text: string) => page.getByRole('row').filter({ hasText: text })
  const ask = async (owner: string, prompt: string, isWaiting = true) => {
    const { app } = dashboard
    const response = await fetch(`${app.url}/api/visualize/generate`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${await app.token(owner)}`,
        'Content-Type': 'application/json',
        ...(isWaiting && { Prefer: 'wait=20' }),
      },
      body: JSON.stringify({ prompt }),
    })
    return ((await response.json()) as { id: string }).id
  }

  const countReused = async () => {
    const summary = await page.evaluate(
      `fetch('/api/analytics/summary').then((answer) => answer.json())`,
    )
    return (summary as AnalyticsSummary).figures.skipped.total
  }

  const fireAlert = async () => {
    const since = new Date()
    const firing = {
      state: 'firing' as const,
      since,
      firedAt: since,
      value: 50,
      threshold: 90,
      sample: 100,
    }
    await dashboard.app.db
      .insertInto('alerts')
      .values({ name: 'generations_failing', streak: 0, resolvedAt: null, ...firing })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(firing))
      .execute()
  }

  beforeAll(async () => {
    dashboard = await startDashboard()
    page = dashboard.page
  })
  afterAll(() => dashboard?.stop())

  test('a page says whose it is before its styles and scripts have come', async () => {
    const slow = await dashboard.context.newPage()
    await slow.route('**/assets/**', () => {})
    for (const path of ['/', '/docs/']) {
      await slow.goto(`${dashboard.app.url}${path}`, { waitUntil: 'commit' })
      const painted = () => slow.evaluate('performance.getEntriesByType("paint").length > 0')
      await waitFor(painted, { what: 'something to be painted' })
      await slow.getByRole('img', { name: 'imageonce is loading' }).waitFor()
    }
    await slow.close()
  })

  test('a new installation is led to the playground', async () => {
    await page.getByRole('link', { name: 'Open the playground' }).waitFor()
    expect(await lookAtPage(page, 'overview-empty')).toEqual([])
  })

  test('the overview tells what was spent, and what was not', async () => {
    await ask('alice', LONG)
    await ask('alice', LONG)
    dashboard.app.gemini.behave({ kind: 'prompt_blocked' })
    await ask('bob', 'what the model refuses')
    dashboard.app.gemini.reset()
    await fireAlert()
    await waitFor(async () => (await countReused()) === 1, { what: 'the reuse to be counted' })
    await open('/')
    const tile = (name: string) => page.locator('dl').filter({ hasText: name })
    await tile('Money not spent').getByText('$0.0336').first().waitFor()
    expect(await tile('Money spent').textContent()).toContain('$0.0336')
    expect(await tile('Reuse rate').textContent()).toContain('33.3%1 of 3')
    expect(await tile('Success rate').textContent()).toContain('50%1 failed')
    await page.getByRole('figure', { name: 'Money' }).getByText('Show as a table').click()
    await page.getByRole('cell', { name: '$0.0336' }).first().waitFor()
    await page.getByRole('alert').filter({ hasText: 'Generations fail, since' }).waitFor()
    expect(await lookAtPage(page, 'overview')).toEqual([])
  })

  test('the list is filtered by what the address says', async () => {
    await open('/generations')
    await row('a harbour town').waitFor()
    expect(await lookAtPage(page, 'generations')).toEqual([])
    await page.getByRole('combobox', { name: 'Status' }).selectOption('failed')
    await row('a harbour town').waitFor({ state: 'detached' })
    expect(await row('what the model refuses').textContent()).toContain('refused_prompt')
    expect(page.url()).toContain('status=failed')
    await page.getByRole('searchbox', { name: 'Owner' }).fill('alice')
    await page.keyboard.press('Enter')
    await page.getByText('Nothing matches').waitFor()
  })

  test('a failed one is retried from the list, and its row follows', async () => {
    await open('/generations')
    await page.getByRole('button', { name: 'Retry: what the model refuses' }).click()
    await row('what the model refuses').getByText('succeeded').waitFor()
  })

  test('new ones come in by themselves, but not under the eyes of who reads further down', async () => {
    await ask('carol', 'come in later')
    await row('come in later').waitFor()
    await page.setViewportSize({ width: 1280, height: 320 })
    await page.getByRole('row').last().scrollIntoViewIfNeeded()
    await ask('carol', 'wait for a click')
    // As when the page is looked at again, which is sooner than the next look.
    await page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`)
    await page.getByRole('button', { name: 'Show 1 new' }).waitFor()
    expect(await row('wait for a click').count()).toBe(0)
    await page.getByRole('button', { name: 'Show 1 new' }).click()
    await row('wait for a click').waitFor()
    await page.setViewportSize({ width: 1280, height: 900 })
  })

  test('many are canceled at once, after it is told how many', async () => {
    dashboard.app.gemini.behave({ kind: 'hang' })
    await Promise.all(['one', 'two', 'three'].map((name) => ask('alice', `hanging ${name}`, false)))
    const button = page.getByRole('button', { name: 'Cancel all…' })
    await button.click()
    await page.getByText('3 would be canceled').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    // The focus comes back to the button.
    await button.and(page.locator(':focus')).waitFor()
    await page.keyboard.press('Enter')
    await page.getByText('3 would be canceled').waitFor()
    expect(await lookAtPage(page, 'generations-cancel')).toEqual([])
    await page.getByRole('button', { name: 'Cancel 3' }).click()
    await page.getByText('3 canceled.').waitFor()
    await row('hanging two').getByText('canceled').first().waitFor()
    dashboard.app.gemini.reset()
  })

  test('a generation shows its steps and attempts, and can be regenerated', async () => {
    const overloaded = { kind: 'overloaded' } as const
    dashboard.app.gemini.behave({ kind: 'sequence', steps: [overloaded, { kind: 'image' }] })
    const id = await ask('alice', 'on the second attempt')
    await open(`/generations/${id}`)
    const steps = page.getByRole('list', { name: 'Steps' })
    await steps.getByText('The model’s answer').first().waitFor()
    expect(await steps.textContent()).toContain('Waiting to try again overloaded')
    expect(await page.getByRole('table').textContent()).toContain('overloaded')
    expect(await lookAtPage(page, 'generation')).toEqual([])
    await page.getByRole('button', { name: 'Regenerate' }).click()
    await page.getByRole('button', { name: 'Pay again' }).click()
    await page.waitForURL((url) => !url.pathname.endsWith(id))
    await page.getByText('succeeded', { exact: true }).waitFor()
    expect(dashboard.app.gemini.countCalls('on the second attempt')).toBe(3)
  })

  test('an owner who is no operator sees their own alone', async () => {
    await open(`/?days=30#token=${await dashboard.app.token('bob')}`)
    await page.getByText('Your images').waitFor()
    await page.getByRole('link', { name: 'Generations' }).click()
    await row('what the model refuses').waitFor()
    expect(await page.getByRole('row').count()).toBe(2)
    expect(await page.getByRole('columnheader', { name: 'Owner' }).count()).toBe(0)
  })

  test('complains of nothing, and asks nobody else', () => {
    expect(dashboard.complaints).toEqual([])
    expect(dashboard.foreign).toEqual([])
  })
})
