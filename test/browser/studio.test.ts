import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { createHolds } from '../support/held.ts'
import { lookAtPage } from '../support/look-at-page.ts'
import { describeWith } from '../support/skip.ts'
import { type Studio, startStudio, use } from '../support/studio.ts'

const PROMPT = 'a red bicycle leaning on a yellow wall'

describeWith('chromium', 'the studio', () => {
  let studio: Studio
  let holds: ReturnType<typeof createHolds>

  beforeAll(async () => {
    studio = await startStudio()
    holds = createHolds(studio.app.gemini)
  })
  afterAll(() => studio.stop())
  afterEach(async () => {
    await studio.leave()
    holds.release()
    studio.app.gemini.reset()
    expect(studio.complaints.splice(0)).toEqual([])
    expect(studio.foreign.splice(0)).toEqual([])
  })

  /** The ledger of the page and the provider's own count must agree. */
  const expectPaid = async (page: Page, calls: number) => {
    await use(page).read('Model calls paid', String(calls))
    expect(studio.app.gemini.countCalls()).toBe(calls)
  }

  test('one post, from the first click to the last, is one paid call', async () => {
    const page = await studio.open('ann')
    const { write, click, hear, read, finish } = use(page)
    await write(PROMPT, 'Out and about')
    await click('Generate')
    await hear('Generate', 'new')
    await click('Generate')
    await hear('Generate', 'exact')
    await finish(PROMPT, 'guard')
    await expectPaid(page, 1)
    await read('Spent', '$0.0336')
    await read('Not paid again', '$0.0336')
    await read('Answers reused', 'and 5 more by the guard')
    await click('Start over')
    await read('Model calls paid', '0')
  })

  test('the same without the guards is five paid calls', async () => {
    const page = await studio.open('ben', '?guards=off')
    const { write, click, hear, read, finish } = use(page)
    await page.getByText('Guards are off').waitFor()
    await write(PROMPT, 'Out and about')
    await click('Generate')
    await hear('Generate', 'forced')
    await finish(PROMPT, 'forced')
    await expectPaid(page, 5)
    await read('Spent', '$0.1681')
    await read('Not paid again', '$0.0000')
  })

  test('a double click is one paid call', async () => {
    const page = await studio.open('cat')
    const { write, hear } = use(page)
    await write(PROMPT)
    const open = holds.hold()
    await page.getByRole('button', { name: 'Generate' }).dblclick()
    await studio.app.gemini.waitForCall()
    open()
    await page.getByRole('img', { name: PROMPT }).waitFor()
    await page.locator('.log li').nth(1).waitFor()
    await hear('Generate', 'shared')
    await expectPaid(page, 1)
  })

  test('a post can be saved while its picture is made, which is one paid call', async () => {
    const page = await studio.open('dan')
    const { write, click, hear } = use(page)
    const open = holds.hold()
    await write(PROMPT, 'Out and about')
    await click('Generate')
    await click('Save')
    await hear('Save', 'saved')
    await page.getByRole('listitem').filter({ hasText: 'on its way' }).waitFor()
    await click('New post')
    open()
    await page.getByRole('listitem').filter({ hasText: 'Draft' }).waitFor()
    await click('Load Out and about')
    await hear('Load', 'guard')
    await page.getByLabel('Later, at').fill('2030-01-02T09:00')
    await click('Schedule')
    await page.getByRole('listitem').filter({ hasText: 'Scheduled for Jan 2, 2030' }).waitFor()
    await click('Remove Out and about')
    await page.getByText('Nothing saved yet').waitFor()
    await click('Save')
    await click('Load Out and about')
    await hear('Load', 'guard')
    await expectPaid(page, 1)
  })

  const deaths: [string, (page: Page) => Promise<unknown>][] = [
    ['at once', (page) => use(page).click('Generate')],
    [
      'while the model draws',
      async (page) => {
        await use(page).click('Generate')
        await studio.app.gemini.waitForCall()
      },
    ],
    [
      'as the connection is cut before the answer',
      async (page) => {
        const cut = new Promise<void>((resolve) => {
          studio.onceSubmitted(() => {
            studio.proxy.reset()
            resolve()
          })
        })
        await use(page).click('Generate')
        await cut
      },
    ],
    [
      'while its request is held up on the way',
      async (page) => {
        studio.proxy.freeze()
        await use(page).click('Generate')
      },
    ],
  ]
  test.each(deaths)(
    'a tab that is closed after the click, %s, and opened again pays once',
    async (when, die) => {
      const person = `dora ${when}`
      const page = await studio.open(person)
      await use(page).write(PROMPT, 'Out and about')
      const open = holds.hold()
      await die(page)
      await page.close()
      await studio.proxy.mend()
      const again = await studio.open(person)
      open()
      await again.locator('.log li').filter({ hasText: 'Reload' }).waitFor()
      await use(again).finish(PROMPT, 'guard')
      await expectPaid(again, 1)
    },
  )

  test('can be used by keyboard alone', async () => {
    const page = await studio.open('eve')
    await page.getByRole('textbox', { name: 'Text' }).focus()
    await page.keyboard.type('Out and about')
    await page.keyboard.press('Tab')
    await page.keyboard.type(PROMPT)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('img', { name: PROMPT }).waitFor()
    await page.getByRole('button', { name: 'Preview' }).focus()
    await page.keyboard.press('Space')
    await page.getByRole('dialog', { name: 'Preview' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    const focused = await page.evaluate('document.activeElement.textContent')
    expect(focused).toBe('Preview')
  })

  test('looks as it should, in both schemes and on a phone', async () => {
    const page = await studio.open('fay')
    const { write, click, hear } = use(page)
    const amiss = await lookAtPage(page, 'studio-empty')
    await write(PROMPT, 'Out and about')
    await click('Generate')
    await hear('Generate', 'new')
    await click('Save')
    await hear('Save', 'guard')
    await write('another one', 'Something refused')
    studio.app.gemini.behave({ kind: 'prompt_blocked' })
    await click('Generate')
    await hear('Generate', 'failed')
    await click('Load Out and about')
    await hear('Load', 'guard')
    await click('Post')
    await page.getByRole('listitem').filter({ hasText: 'Posted' }).waitFor()
    amiss.push(...(await lookAtPage(page, 'studio')))
    await click('Preview')
    await hear('Preview', 'guard')
    amiss.push(...(await lookAtPage(page, 'studio-preview')))
    const unguarded = await studio.open('fay', '?guards=off')
    amiss.push(...(await lookAtPage(unguarded, 'studio-unguarded')))
    expect(amiss).toEqual([])
  })
})
