import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import type { Image } from '../../src/client.ts'
import { type Dashboard, startDashboard } from '../support/dashboard.ts'
import { lookAtPage } from '../support/look-at-page.ts'
import { makePng } from '../support/pictures.ts'
import { describeWith } from '../support/skip.ts'
import { waitFor } from '../support/wait-for.ts'
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts'

const PROMPTS = ['a lighthouse at dusk, in oil', 'a bowl of figs', 'two herons over a reed bed']

describeWith('chromium', 'the gallery and the webhooks', () => {
  let dashboard: Dashboard
  let page: Page
  let receiver: WebhookReceiver
  const tiles = () => page.getByRole('list', { name: 'Images' }).getByRole('button')
  const openTile = (name: string) => page.getByRole('button', { name: `Open: ${name}` }).click()
  const viewer = () => page.getByRole('dialog', { name: 'Generated image' })

  const call = async (path: string, init: RequestInit = {}) => {
    const { app } = dashboard
    const headers = { ...init.headers, Authorization: `Bearer ${await app.token('dev', true)}` }
    return fetch(`${app.url}${path}`, { ...init, headers })
  }
  const listImages = async () =>
    ((await (await call('/api/images')).json()) as { images: Image[] }).images
  const ask = (prompt: string) =>
    call('/api/visualize/generate', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Prefer: 'wait=20' },
      body: JSON.stringify({ prompt }),
    })

  beforeAll(async () => {
    receiver = await startWebhookReceiver()
    dashboard = await startDashboard({ env: { WEBHOOK_ALLOW_PRIVATE: 'true' } })
    page = dashboard.page
  })
  afterAll(async () => {
    await dashboard?.stop()
    await receiver?.close()
  })

  test('an empty one says how images come here', async () => {
    await page.getByRole('link', { name: 'Gallery' }).click()
    await page.getByText('You have no images yet').waitFor()
    expect(await lookAtPage(page, 'gallery-empty')).toEqual([])
  })

  test('shows thumbnails of the images, not the images', async () => {
    for (const prompt of PROMPTS) await ask(prompt)
    await page.reload()
    await tiles().nth(2).waitFor()
    const thumbnail = page.locator('.gallery-tile img').first()
    await page.locator('.gallery-tile .is-shown').nth(2).waitFor()
    const shown = await thumbnail.evaluate((image) => (image as { currentSrc?: string }).currentSrc)
    expect(new URL(String(shown)).searchParams.get('w')).toMatch(/^(160|320|640)$/)
    expect(await lookAtPage(page, 'gallery')).toEqual([])
  })

  test('takes an upload, and shows the images of a type', async () => {
    const buffer = await makePng('#d08040', 600, 400)
    const file = { name: 'sunrise.png', mimeType: 'image/png', buffer }
    await page.getByLabel('Upload images').setInputFiles(file)
    await page.getByText('sunrise.png is uploaded.').waitFor()
    await tiles().nth(3).waitFor()
    await page.getByRole('button', { name: 'Uploaded', exact: true }).click()
    await tiles().nth(1).waitFor({ state: 'detached' })
    expect(page.url()).toContain('?type=user_uploaded')
    expect(await tiles().first().getAttribute('aria-label')).toContain('Open: upload')
    await page.getByRole('button', { name: 'All' }).click()
    await tiles().nth(3).waitFor()
  })

  test('opens an image large, and leads on by the arrow keys', async () => {
    await openTile('a bowl of figs')
    await viewer().getByText('a bowl of figs').waitFor()
    await viewer().getByText('× ').waitFor()
    await viewer().locator('.is-shown').waitFor()
    expect(await lookAtPage(page, 'gallery-image')).toEqual([])
    await page.keyboard.press('ArrowRight')
    await viewer().getByText('a lighthouse at dusk').waitFor()
    await page.keyboard.press('ArrowLeft')
    await viewer().getByText('a bowl of figs').waitFor()
    await page.keyboard.press('Escape')
    await viewer().waitFor({ state: 'detached' })
    await waitFor(
      async () =>
        (await page.evaluate('document.activeElement.ariaLabel')) === 'Open: a bowl of figs',
      { what: 'the focus to be back on the tile' },
    )
  })

  test('gives the image to keep', async () => {
    await openTile('a bowl of figs')
    const downloading = page.waitForEvent('download')
    await viewer().getByRole('link', { name: 'Download' }).click()
    const download = await downloading
    expect(download.suggestedFilename()).toMatch(/^g_[0-9a-f]{40}\.png$/)
    const bytes = await readFile(await download.path())
    expect((await sharp(bytes).metadata()).width).toBeGreaterThan(0)
    await page.keyboard.press('Escape')
  })

  test('deletes an image only after asking, on the server too', async () => {
    const { imageUrl } =
      (await listImages()).find(({ prompt }) => prompt === 'a bowl of figs') ?? {}
    await openTile('a bowl of figs')
    await viewer().getByRole('button', { name: 'Delete…' }).click()
    expect(await lookAtPage(page, 'gallery-delete')).toEqual([])
    await page.getByRole('button', { name: 'Delete it' }).click()
    await page.getByText('The image is deleted.').waitFor()
    await tiles().nth(3).waitFor({ state: 'detached' })
    expect((await listImages()).map(({ prompt }) => prompt)).not.toContain('a bowl of figs')
    const { headers } = await fetch(String(imageUrl))
    expect(headers.get('imageonce-placeholder')).toBe('true')
  })

  test('shows the placeholder of a refused one, and reads on as one scrolls', async () => {
    dashboard.app.gemini.behave({ kind: 'prompt_blocked' })
    await ask('what the model refuses')
    dashboard.app.gemini.reset()
    await page.getByRole('button', { name: 'Placeholders' }).click()
    await page.waitForURL(/type=placeholder/)
    await openTile('what the model refuses')
    await page.getByRole('dialog', { name: 'Placeholder' }).getByText('In place of').waitFor()
    await page.keyboard.press('Escape')
    const { db } = dashboard.app
    await db
      .insertInto('imageMetadata')
      .values(Array.from({ length: 60 }, (_, n) => newPlaceholder(`placeholder ${n}`)))
      .execute()
    await page.reload()
    await tiles().nth(47).waitFor()
    expect(await tiles().count()).toBe(48)
    await page.mouse.wheel(0, 20_000)
    await tiles().nth(60).waitFor()
  })

  const click = (name: string) => page.getByRole('button', { name, exact: true }).click()
  let secret = ''

  test('an endpoint is added, and its secret shown once', async () => {
    await page.getByRole('link', { name: 'Webhooks' }).click()
    await page.getByText('No endpoint yet').waitFor()
    expect(await lookAtPage(page, 'webhooks-empty')).toEqual([])
    await click('Add an endpoint')
    await page.getByRole('textbox', { name: 'URL' }).fill(`${receiver.url}/told`)
    await page.getByRole('textbox', { name: 'Description' }).fill('The studio')
    expect(await lookAtPage(page, 'webhooks-add')).toEqual([])
    await click('Add it')
    await click('Copy secret')
    secret = (await page.evaluate('navigator.clipboard.readText()')) as string
    expect(secret).toMatch(/^whsec_/)
    await click('I have kept it')
    await page.waitForURL(/\/webhooks\/./)
    await page.reload()
    await page.getByText('Nothing was sent to it yet').waitFor()
    expect(await page.content()).not.toContain(secret)
  })

  test('a test is delivered, signed, and delivered again under the same id', async () => {
    receiver.behave(
      '/told',
      (res) => res.writeHead(204).end(),
      (res) => res.writeHead(418).end('I am a teapot'),
    )
    await click('Send a test')
    await page.getByRole('row').getByText('delivered').waitFor()
    await page.getByRole('button', { name: /^Redeliver webhook\.test/ }).click()
    const [first, second] = await receiver.waitForCount('/told', 2)
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
    expect(second?.verify(secret).type).toBe('webhook.test')
    await page.getByRole('button', { name: /^Attempts of webhook\.test/ }).click()
    const attempts = page.getByRole('list', { name: 'Attempts' }).getByRole('listitem')
    await attempts.nth(1).waitFor()
    expect(await attempts.first().textContent()).toContain('I am a teapot')
    expect(await attempts.nth(1).textContent()).toContain('204')
    expect(await lookAtPage(page, 'webhook-attempts')).toEqual([])
    await click('Close')
    expect(await lookAtPage(page, 'webhook')).toEqual([])
    await click('Failed')
    await page.getByText('None is failed').waitFor()
    await click('Pending')
    await page.getByRole('row').getByText('pending').waitFor()
  })

  test('an endpoint is changed, given another secret, disabled and deleted', async () => {
    await click('Edit')
    await page.getByRole('checkbox', { name: 'generation.canceled' }).check()
    await click('Save')
    await page.getByRole('definition').getByText('generation.canceled').waitFor()
    await click('Rotate secret…')
    await click('Make it')
    await page.getByRole('figure', { name: 'secret' }).waitFor()
    expect(await page.getByRole('figure', { name: 'secret' }).textContent()).not.toContain(secret)
    await click('I have kept it')
    await page.getByText(/two sign/).waitFor()
    await click('Disable')
    await page.getByText('disabled', { exact: true }).waitFor()
    expect(await page.getByRole('button', { name: 'Send a test' }).isDisabled()).toBe(true)
    await page.getByRole('link', { name: 'Webhooks' }).click()
    await page.getByText('The studio').waitFor()
    expect(await lookAtPage(page, 'webhooks')).toEqual([])
    await page.getByText('The studio').click()
    await click('Delete…')
    await click('Delete it')
    await page.getByText('No endpoint yet').waitFor()
    expect(await (await call('/api/webhooks')).json()).toMatchObject({ webhooks: [] })
  })

  test('complains of nothing, and asks nobody else', () => {
    expect(dashboard.complaints).toEqual([])
    expect(dashboard.foreign).toEqual([])
  })
})

const newPlaceholder = (prompt: string) => {
  const id = `i_${randomBytes(20).toString('hex')}`
  return { id, userId: 'dev', imageUrl: `/images/${id}`, imageType: 'placeholder' as const, prompt }
}
