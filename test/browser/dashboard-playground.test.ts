import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { type Dashboard, startDashboard } from '../support/dashboard.ts'
import { lookAtPage } from '../support/look-at-page.ts'
import { makePng } from '../support/pictures.ts'
import { describeWith } from '../support/skip.ts'

describeWith('chromium', 'the playground', () => {
  let dashboard: Dashboard
  let page: Page
  const result = () => page.getByRole('region', { name: 'Result' })
  const open = (query = '') => page.goto(`${dashboard.app.url}/playground${query}`)
  const generate = () => page.getByRole('button', { name: 'Generate', exact: true }).click()
  const said = (text: string | RegExp) => result().getByText(text).first().waitFor()

  beforeAll(async () => {
    dashboard = await startDashboard()
    page = dashboard.page
  })
  beforeEach(() => dashboard.app.gemini.reset())
  afterAll(() => dashboard?.stop())

  test('makes an image within two clicks of opening, and shows what it cost', async () => {
    await page.getByRole('link', { name: 'Open the playground' }).click()
    await generate()
    await said('Paid')
    expect(await result().textContent()).toContain('$0.0336')
    expect(dashboard.app.gemini.countCalls()).toBe(1)
    expect(await lookAtPage(page, 'playground')).toEqual([])
  })

  test('answers the same request at no cost', async () => {
    await generate()
    await said('reused: exact')
    expect(await result().textContent()).toContain('not spent')
    expect(dashboard.app.gemini.countCalls()).toBe(0)
  })

  test('gives a curl line that really runs, and reuses the image', async () => {
    await open(`?${new URLSearchParams({ prompt: `it's "quoted" & $HOME`, aspectRatio: '16:9' })}`)
    await page.keyboard.press('Control+Enter')
    await page.getByRole('textbox', { name: 'Prompt' }).press('Control+Enter')
    await said('Paid')
    await page.getByRole('button', { name: 'Copy curl line' }).click()
    const line = (await page.evaluate('navigator.clipboard.readText()')) as string
    const env = { ...process.env, TOKEN: await dashboard.app.token('dev') }
    const { stdout } = await promisify(execFile)('sh', ['-c', line], { env })
    expect(JSON.parse(stdout)).toMatchObject({ status: 'succeeded', reuse: { source: 'exact' } })
    expect(dashboard.app.gemini.countCalls()).toBe(1)
  })

  test('takes a condition image that is pasted, and one that is dropped', async () => {
    await open('?prompt=conditioned')
    await give(page, 'paste', await makePng('#336699'))
    const remove = page.getByRole('button', { name: 'Remove the condition image' })
    await remove.click()
    await give(page, 'drop', await makePng('#996633'))
    await remove.waitFor()
    await page.getByRole('combobox', { name: 'Transformation' }).selectOption('enhance')
    await generate()
    await said('Paid')
    const parts = dashboard.app.gemini.calls[0]?.body.contents[0]?.parts ?? []
    expect(parts.some(({ inlineData }) => inlineData)).toBe(true)
  })

  test('shows where a request is, and cancels it', async () => {
    dashboard.app.gemini.behave({ kind: 'hang' })
    await open('?prompt=never+made')
    await generate()
    await said('Running')
    await result().getByRole('button', { name: 'Cancel' }).click()
    await said(/Canceled after/)
  })

  test('tells why it tries again', async () => {
    dashboard.app.gemini.behave({
      kind: 'sequence',
      steps: [{ kind: 'overloaded' }, { kind: 'image' }],
    })
    await open('?prompt=on+the+second+try')
    await generate()
    await said('Paid')
    await said(/overloaded/)
  })

  test('shows the reason and the placeholder where the model refuses', async () => {
    dashboard.app.gemini.behave({ kind: 'prompt_blocked' })
    await open('?prompt=refused')
    await generate()
    await said('refused_prompt')
    const placeholder = result().getByRole('img', { name: 'Placeholder for: refused' })
    await placeholder.waitFor()
    expect(
      await placeholder.evaluate((image) => (image as { naturalWidth?: number }).naturalWidth),
    ).toBeGreaterThan(0)
    expect(await lookAtPage(page, 'playground-refused')).toEqual([])
  })

  test('pays again only after asking, and for what is shown', async () => {
    await open('?prompt=twice')
    await generate()
    await said('Paid')
    await page.getByRole('textbox', { name: 'Prompt' }).fill('another, not sent yet')
    await result().getByRole('button', { name: 'Regenerate' }).click()
    await page.getByRole('button', { name: 'Pay again: $0.0336' }).click()
    await said('Sent')
    await said('Paid')
    expect(dashboard.app.gemini.countCalls('twice')).toBe(2)
  })

  test('complains of nothing, and asks nobody else', () => {
    expect(dashboard.complaints).toEqual([])
    expect(dashboard.foreign).toEqual([])
  })
})

/** Hands the page a png, as a person would. */
const give = async (page: Page, how: 'paste' | 'drop', png: Buffer): Promise<void> => {
  await page.getByText('Drop, paste or choose an image').waitFor()
  await page.evaluate(`(() => {
    const bytes = Uint8Array.from(atob('${png.toString('base64')}'), (char) => char.charCodeAt(0))
    const data = new DataTransfer()
    data.items.add(new File([bytes], 'condition.png', { type: 'image/png' }))
    const options = { bubbles: true, cancelable: true }
    if ('${how}' === 'paste') {
      document.body.dispatchEvent(new ClipboardEvent('paste', { ...options, clipboardData: data }))
    } else {
      document.querySelector('.drop-zone').dispatchEvent(new DragEvent('drop', { ...options, dataTransfer: data }))
    }
  })()`)
}
