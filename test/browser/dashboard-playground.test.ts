import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { type Dashboard, startDashboard } from '../support/dashboard.ts'
import { giveImage } from '../support/give-image.ts'
import { lookAtPage } from '../support/look-at-page.ts'
import { makePng } from '../support/pictures.ts'
import { insertRejected } from '../support/similar-images.ts'
import { describeWith } from '../support/skip.ts'

const FIGS = 'a bowl of figs on a table, studio photo'
const SAME_FIGS = 'Studio photo, a bowl of figs on a table'
const OTHER_FIGS = 'A bowl of figs on a table, studio photo'
const NEAR_FIGS = 'a bowl of red figs on a table, studio photo'

describeWith('chromium', 'the playground and similar prompts', () => {
  let dashboard: Dashboard
  let page: Page
  const result = () => page.getByRole('region', { name: 'Result' })
  const open = (query = '') => page.goto(`${dashboard.app.url}/playground${query}`)
  const generate = () => page.getByRole('button', { name: 'Generate', exact: true }).click()
  const said = (text: string | RegExp) => result().getByText(text).first().waitFor()

  beforeAll(async () => {
    dashboard = await startDashboard({
      // A reason is shown for as long as the next try is waited for: long enough for a page to see it.
      env: { EMBEDDING_SOURCE: 'gemini', RETRY_BACKOFF_MS: '3000' },
    })
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

  test('says as one types what would come of it, for how much, and what is left then', async () => {
    const { app } = dashboard
    const authorization = `Bearer ${await app.token('dev', true)}`
    const setBudget = (dailyUsd: number) =>
      fetch(`${app.url}/api/budgets/${encodeURIComponent('owner:dev')}`, {
        method: 'PUT',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ dailyUsd }),
      })
    const line = page.getByRole('status').filter({ hasText: 'Would' })
    const says = (text: string | RegExp) => line.filter({ hasText: text }).waitFor()
    await setBudget(5)
    await open('?prompt=a+quince')
    await says(/Would buy one for about \$0\.0336 · .*m?s · \$4\.9\d of today’s budget left/)
    expect(await lookAtPage(page, 'playground-buys')).toEqual([])
    await page.getByRole('textbox', { name: 'Prompt' }).fill('a medlar')
    await generate()
    await said('Paid')
    await says(/Would reuse an image from just now · \$0/)
    expect(await line.getByRole('img').count()).toBe(1)
    expect(await lookAtPage(page, 'playground-reuses')).toEqual([])
    await open('?prompt=a+medlar&n=3')
    await says(/Would reuse 1, buy 2 for about \$0\.0672 /)
    await open('?prompt=a+medlar')
    await says('Would reuse an image')
    await setBudget(0.01)
    await page.getByRole('textbox', { name: 'Prompt' }).fill('another medlar')
    await says('Would be refused: The daily budget of this owner is spent.')
    expect(await lookAtPage(page, 'playground-over-budget')).toEqual([])
    expect(app.gemini.countCalls()).toBe(1)
    await setBudget(1_000)
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
    await giveImage(page, 'paste', await makePng('#336699'))
    const remove = page.getByRole('button', { name: 'Remove image 1' })
    await remove.click()
    await giveImage(page, 'drop', await makePng('#996633'))
    await remove.waitFor()
    await page.getByRole('combobox', { name: 'Transformation' }).selectOption('enhance')
    await generate()
    await said('Paid')
    const parts = dashboard.app.gemini.calls[0]?.body.contents[0]?.parts ?? []
    expect(parts.some(({ inlineData }) => inlineData)).toBe(true)
  })

  test('an image leads to all that was made from it, by transformation and variant', async () => {
    await page.getByText('More options').click()
    await page.getByRole('textbox', { name: 'Variant' }).fill('dark')
    await generate()
    await said('Paid')
    await page.goto(`${dashboard.app.url}/gallery?type=user_uploaded`)
    const tiles = (list: string) =>
      page.getByRole('list', { name: list, exact: true }).getByRole('button')
    await tiles('Images').first().click()
    await page.getByRole('link', { name: 'Images made from it' }).click()
    await tiles('Enhanced').waitFor()
    await page.getByRole('heading', { name: 'Enhanced, variant “dark”' }).waitFor()
    expect(await lookAtPage(page, 'gallery-made-from')).toEqual([])
    await tiles('Enhanced, variant “dark”').click()
    await page.getByRole('definition').getByText('dark').waitFor()
    await page.getByRole('link', { name: 'its generation' }).click()
    await page.getByRole('link', { name: 'all made from it' }).click()
    await tiles('Enhanced').waitFor()
  })

  test('takes several images in order, which are moved and removed by keyboard', async () => {
    await open('?prompt=a+group')
    const colours = ['#112233', '#445566', '#778899']
    const pngs = await Promise.all(colours.map((colour) => makePng(colour)))
    for (const [index, png] of pngs.entries()) {
      await giveImage(page, index === 1 ? 'drop' : 'paste', png)
      await page.getByRole('img', { name: `Condition ${index + 1}` }).waitFor()
    }
    await page.getByRole('button', { name: 'Move image 3 forward' }).press('Enter')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Remove image 2' }).press('Enter')
    expect(await lookAtPage(page, 'playground-images')).toEqual([])
    await generate()
    await said('Paid')
    const parts = dashboard.app.gemini.calls[0]?.body.contents[0]?.parts ?? []
    const sent = parts.flatMap(({ inlineData }) => inlineData?.data ?? [])
    const shown = sent.map(async (data) => {
      const { dominant } = await sharp(Buffer.from(data, 'base64')).stats()
      return dominant.r >> 4
    })
    expect(await Promise.all(shown)).toEqual([7, 4])
  })

  test('says what few requests say, and shows it with the generation', async () => {
    dashboard.app.gemini.behave({ kind: 'image_with_drafts' })
    await open('?prompt=a+quiet+lake')
    expect(await page.getByRole('textbox', { name: 'Seed' }).isVisible()).toBe(false)
    await page.getByText('More options').click()
    await page.getByRole('textbox', { name: 'Without' }).fill('boats')
    await page.getByRole('textbox', { name: 'Seed' }).fill('seven')
    await page.getByText('A whole number from 0').waitFor()
    expect(await page.getByRole('button', { name: 'Generate', exact: true }).isDisabled()).toBe(
      true,
    )
    await page.getByRole('textbox', { name: 'Seed' }).fill('7')
    await page.getByRole('combobox', { name: 'Thinking' }).selectOption('medium')
    await page.getByRole('combobox', { name: 'Format', exact: true }).selectOption('jpeg')
    expect(await lookAtPage(page, 'playground-options')).toEqual([])
    await generate()
    await said('Here it is')
    const [call] = dashboard.app.gemini.calls
    expect(call?.body.generationConfig).toMatchObject({ seed: 7 })
    const link = result().getByRole('link', { name: 'Open' })
    expect(await link.getAttribute('href')).toMatch(/format=jpeg$/)
    await result().getByRole('link', { name: 'Show generation' }).click()
    const fact = (text: string) => page.getByRole('definition').getByText(text, { exact: true })
    for (const text of ['boats', '7', 'medium']) await fact(text).waitFor()
    await page.getByText('Here it is').waitFor()
    expect(await lookAtPage(page, 'generation-said')).toEqual([])
  })

  test('offers only what the model can do', async () => {
    const query = { prompt: 'a model', thinkingLevel: 'medium', seed: '5' }
    await open(`?${new URLSearchParams(query)}`)
    const thinking = page.getByRole('combobox', { name: 'Thinking' })
    expect(await thinking.inputValue()).toBe('medium')
    await page.getByRole('combobox', { name: 'Model' }).selectOption('gemini-3-pro-image')
    expect(await thinking.getByRole('option').allTextContents()).toEqual(['Default', 'low', 'high'])
    expect(await thinking.inputValue()).toBe('')
    await generate()
    await said('Paid')
    expect(dashboard.app.gemini.calls[0]?.body.generationConfig).toMatchObject({ seed: 5 })
    expect(page.url()).not.toContain('thinkingLevel')
  })

  test('shows each of several pictures, and pays for those alone that are not there', async () => {
    await open('?prompt=herons')
    await generate()
    await said('Paid')
    await page.getByRole('combobox', { name: 'Pictures' }).selectOption('3')
    await page.getByText('Would reuse 1, buy 2 for about $0.0672').waitFor()
    await generate()
    await said('Reused 1')
    expect(await result().textContent()).toMatch(/Paid \$0\.0672 for 2.*\$0\.0336 not spent/)
    const pictures = result().getByRole('list', { name: 'Pictures' })
    expect(await pictures.getByRole('img', { name: 'herons' }).count()).toBe(3)
    expect(dashboard.app.gemini.countCalls('herons')).toBe(3)
    expect(await lookAtPage(page, 'playground-several')).toEqual([])
    await pictures.getByRole('link', { name: 'Picture 3' }).click()
    await page.getByText('number 3 of the same words').waitFor()
  })

  test('asks again for those of several that failed', async () => {
    dashboard.app.gemini.behave(({ number }) =>
      number === 2 ? { kind: 'text_only' } : { kind: 'image' },
    )
    await open('?prompt=egrets&n=2')
    await generate()
    await said('1 of 2 in')
    expect(await lookAtPage(page, 'playground-one-failed')).toEqual([])
    await result().getByRole('button', { name: 'Ask again for what is missing' }).click()
    await said('2 of 2 in')
    await said('Reused 1')
    expect(dashboard.app.gemini.countCalls('egrets')).toBe(3)
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
    await page.getByRole('button', { name: 'Pay again: $0.0404' }).click()
    await said('Sent')
    await said('Paid')
    expect(dashboard.app.gemini.countCalls('twice')).toBe(2)
  })

  const press = (name: string | RegExp) => page.getByRole('button', { name }).press('Enter')
  const askFor = async (request: Record<string, string>) => {
    await open(`?${new URLSearchParams(request)}`)
    await generate()
  }
  const precisionOf = (name: string) =>
    page.getByRole('region', { name: `Precision of ${name}`, exact: true })

  test('names similar images, and what tells them apart', async () => {
    await askFor({ prompt: FIGS })
    await said('Paid')
    await askFor({ prompt: NEAR_FIGS })
    await said(/% similar; differs in: colours/)
    await askFor({ prompt: SAME_FIGS })
    await said('100.0% similar; nothing tells them apart')
    await said('Paid')
    expect(await lookAtPage(page, 'playground-similar')).toEqual([])
  })

  test('a match is judged by keyboard, and what was said can be changed', async () => {
    await page.getByRole('link', { name: 'Similar prompts' }).click()
    await precisionOf('shadow').getByText('Not judged yet').waitFor()
    await press(`Right: ${SAME_FIGS}`)
    await precisionOf('shadow').getByText('1 of 1 right').waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    await precisionOf('shadow').getByText('0 of 1 right').waitFor()
    await press('To judge')
    await page.getByText('Nothing waits to be judged').waitFor()
  })

  test('what an owner has chosen holds, also for who asks again', async () => {
    await page.getByRole('searchbox', { name: 'Owner' }).fill('dev')
    await page.keyboard.press('Enter')
    await press(/^reuse Where nothing/)
    await page.getByText('in force: reuse').waitFor()
    for (const source of ['similar', 'exact']) {
      await askFor({ prompt: OTHER_FIGS })
      await said(`reused: ${source}`)
      await said('Made for another prompt, 100.0% similar')
    }
    await result().getByRole('link', { name: 'Show generation' }).click()
    await page.getByRole('region', { name: 'Similar prompts' }).getByRole('blockquote').waitFor()
    expect(await lookAtPage(page, 'generation-reused')).toEqual([])
    expect(dashboard.app.gemini.countCalls(OTHER_FIGS)).toBe(0)
  })

  test('a new image takes the place of one that is declined, and reuse falls back', async () => {
    // One word against reuse alone decides nothing.
    for (const prompt of ['a plum', 'a pear']) await insertRejected(dashboard.app, 'dev', prompt)
    await askFor({ prompt: OTHER_FIGS })
    await result().getByRole('button', { name: 'Make a new one instead' }).click()
    await said('Paid')
    expect(dashboard.app.gemini.countCalls(OTHER_FIGS)).toBe(1)
    await page.goto(`${dashboard.app.url}/similarity?owner=dev&verdict=rejected&mode=reuse`)
    await page.getByText('Reuse turned itself back to suggest').waitFor()
    await page.getByRole('listitem').getByText(OTHER_FIGS).waitFor()
    expect(await lookAtPage(page, 'similarity')).toEqual([])
    await press('Turn reuse on again')
    await page.getByText('in force: reuse').waitFor()
    expect(await page.getByText('Reuse turned itself back').count()).toBe(0)
  })

  test('complains of nothing, and asks nobody else', () => {
    expect(dashboard.complaints).toEqual([])
    expect(dashboard.foreign).toEqual([])
  })
})
