import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { startTestApp, type TestApp } from '../support/app.ts'
import { startBrowser } from '../support/browser.ts'
import { bundleClient } from '../support/client-bundle.ts'
import { startHttpServer, type TestServer } from '../support/http-server.ts'
import { makePng } from '../support/pictures.ts'
import { describeWith } from '../support/skip.ts'
import { waitFor } from '../support/wait-for.ts'

type Page = Awaited<ReturnType<Awaited<ReturnType<typeof startBrowser>>['context']['newPage']>>

describeWith('chromium', 'the client in a page of another site', () => {
  let app: TestApp
  let site: TestServer
  let browser: Awaited<ReturnType<typeof startBrowser>>
  let page: Page
  const posted: string[] = []

  beforeAll(async () => {
    const script = await bundleClient('iife')
    site = await startHttpServer((request, response) => {
      if (request.method === 'POST') void text(request).then((body) => posted.push(body))
      const isScript = request.url === '/client.js'
      response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html')
      response.end(isScript ? script : '<!doctype html><script src="/client.js"></script><img>')
    })
    app = await startTestApp({ env: { CORS_ORIGINS: site.url } })
    browser = await startBrowser()
    page = await browser.context.newPage()
    await page.goto(site.url)
    const options = { baseUrl: app.url, token: await app.token(), telemetry: false }
    await page.evaluate(`client = imageonce.createImageonceClient(${JSON.stringify(options)})`)
  })
  afterAll(async () => {
    await browser.close()
    await app.stop()
    await site.close()
  })

  test('makes an image, follows it, and shows it', async () => {
    app.gemini.behave({ kind: 'delay', ms: 300 })
    const seen = await page.evaluate(`(async () => {
      const states = []
      const onState = ({ status }) => states.push(status)
      const { imageUrl, isPlaceholder, width } = await client.generate({ prompt: 'a page' }, { onState })
      const image = document.querySelector('img')
      image.src = imageUrl
      await image.decode()
      return { isPlaceholder, isShown: image.naturalWidth === width, states }
    })()`)
    expect(seen).toMatchObject({ isPlaceholder: false, isShown: true })
    expect((seen as { states: string[] }).states).toContain('running')
    app.gemini.reset()
  })

  test('makes several pictures of several images, and knows the id of each', async () => {
    const pngs = await Promise.all(['#a05020', '#2050a0'].map((colour) => makePng(colour)))
    const sources = JSON.stringify(pngs.map((png) => png.toString('base64')))
    const seen = await page.evaluate(`(async () => {
      const files = ${sources}.map((base64) => new Blob(
        [Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))], { type: 'image/png' }))
      const uploads = await Promise.all(files.map((file) => client.upload(file)))
      const said = {
        prompt: 'both of them',
        negativePrompt: 'a  third',
        seed: 7,
        thinkingLevel: 'high',
        safetySettings: [
          { category: 'HARM_CATEGORY_HATE_SPEECH', threshold: 'BLOCK_NONE' },
          { category: 'HARM_CATEGORY_HARASSMENT', threshold: 'OFF' },
        ],
      }
      const turn = { role: 'user', text: 'the first one' }
      const { generations } = await client.generate({
        ...said,
        conditionImages: uploads.map(({ id }) => id),
        turns: [{ ...turn, images: [uploads[0].id] }],
        outputFormat: 'webp',
        n: 3,
      })
      const keys = [1, 2, 3].map((number) => imageonce.createImageIdempotencyKey({
        ...said,
        owner: 'alice',
        provider: 'gemini',
        model: generations[0].model,
        conditionImageDigests: uploads.map(({ digest }) => digest),
        turns: [{ ...turn, imageDigests: [uploads[0].digest] }],
        number,
      }))
      const image = document.querySelector('img')
      image.src = generations[2].imageUrl
      await image.decode()
      const types = generations.map(async ({ imageUrl }) =>
        (await fetch(imageUrl)).headers.get('content-type'))
      return {
        ids: generations.map(({ id }) => id),
        keys: await Promise.all(keys),
        types: await Promise.all(types),
      }
    })()`)
    const { ids, keys, types } = seen as Record<'ids' | 'keys' | 'types', string[]>
    expect(keys).toEqual(ids)
    expect(types).toEqual(Array(3).fill('image/webp'))
    const [first, ...others] = app.gemini.calls.map(({ body }) => body)
    expect(others).toEqual([first, first])
    const parts = first?.contents.at(-1)?.parts ?? []
    const sent = parts.flatMap(({ inlineData }) => inlineData?.data ?? [])
    expect(sent).toHaveLength(2)
    expect(new Set(sent).size).toBe(2)
    app.gemini.reset()
  })

  test('reads why a request is refused', async () => {
    const error = await page.evaluate(`client.generate({ prompt: '' }).then(({ error }) => error)`)
    expect(error).toMatchObject({ code: 'invalid_request', retryable: false })
  })

  test('tells what it has counted as the page is left', async () => {
    const leaving = await browser.context.newPage()
    await leaving.goto(site.url)
    await leaving.evaluate(`
      imageonce.createImageonceClient({ baseUrl: '', token: 'any' })
      imageonce.logImageGenerationTelemetry('generation_skipped', { source: 'client' })`)
    await leaving.goto('about:blank')
    await waitFor(() => posted.length, { what: 'the event' })
    expect(JSON.parse(posted[0] ?? '').events).toMatchObject([{ type: 'generation_skipped' }])
    await leaving.close()
  })

  // Over HTTP/1.1 a page has six connections to a server, and a stream holds one.
  test('has connections to spare while a dozen images are made', async () => {
    let open = () => {}
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    app.gemini.behave(async () => {
      await opened
      return { kind: 'image' }
    })
    await page.evaluate(`
      accepted = new Set()
      const onState = ({ id }) => accepted.add(id)
      results = Array.from({ length: 12 }, (_, i) =>
        client.generate({ prompt: 'one of 12: ' + i }, { onState }))
      undefined`)
    await page.waitForFunction('accepted.size === 12')
    const { generations } = (await page.evaluate('client.list()')) as { generations: unknown[] }
    expect(generations.length).toBeGreaterThanOrEqual(12)
    open()
    const statuses = await page.evaluate(
      'Promise.all(results).then((all) => all.map(({ status }) => status))',
    )
    expect(statuses).toEqual(Array(12).fill('succeeded'))
  })
})
