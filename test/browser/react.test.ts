import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { createImageonceClient, type GenerationResult } from '../../src/client.ts'
import type { GeneratedImageProps } from '../../src/react.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { startBrowser } from '../support/browser.ts'
import { answerOf } from '../support/gemini-answers.ts'
import { createHolds } from '../support/held.ts'
import { startHttpServer, type TestServer } from '../support/http-server.ts'
import { makePng } from '../support/pictures.ts'
import { App } from '../support/react/app.tsx'
import { bundleReactPage } from '../support/react/bundle.ts'
import type { Seen } from '../support/react/seen.ts'
import { describeWith } from '../support/skip.ts'
import { watchPages } from '../support/watch-pages.ts'

describeWith('chromium', 'the React components in a page', () => {
  let app: TestApp
  let holds: ReturnType<typeof createHolds>
  let site: TestServer
  let html = ''
  let browser: Awaited<ReturnType<typeof startBrowser>>
  let page: Awaited<ReturnType<typeof browser.context.newPage>>
  let complaints: string[]
  let client: ReturnType<typeof createImageonceClient>

  beforeAll(async () => {
    const script = await bundleReactPage()
    site = await startHttpServer((request, response) => {
      const isScript = request.url === '/page.js'
      response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html')
      response.end(
        isScript
          ? script
          : `<!doctype html><link rel="icon" href="data:,"><div id="root">${html}</div><script src="/page.js"></script>`,
      )
    })
    app = await startTestApp({ env: { CORS_ORIGINS: site.url } })
    holds = createHolds(app.gemini)
    client = createImageonceClient({ ...(await connection()), telemetry: false })
    browser = await startBrowser()
    ;({ complaints } = watchPages(browser.context, ''))
    page = await browser.context.newPage()
    await open()
  })
  afterAll(async () => {
    await browser.close()
    await site.close()
    await app.stop()
  })
  afterEach(async () => {
    holds.release()
    await run('clear')
    expect(complaints.splice(0)).toEqual([])
  })

  const connection = async () => ({ baseUrl: app.url, token: await app.token() })

  /** Opens the page anew, with what a server would have put into it. */
  const open = async (rendered = '') => {
    html = rendered
    await page.goto(site.url)
    await run('connect', await connection())
  }
  const run = (name: string, value: unknown = null) =>
    page.evaluate(`page.${name}(${JSON.stringify(value)}), undefined`)
  const look = () => page.evaluate('page.look()') as Promise<Seen>
  const waitUntil = async (condition: string): Promise<Seen> => {
    await page.waitForFunction(`(({ ${FIELDS} }) => ${condition})(page.look())`)
    return look()
  }
  const FIELDS = 'state, alert, src, fallback, posts, following, shownSources, naturalWidth'
  const show = (picture: GeneratedImageProps) => run('show', picture)
  const makeLarge = async () => {
    const data = (await makePng('#336699', 800, 450)).toString('base64')
    return answerOf([{ inlineData: { mimeType: 'image/png', data } }])
  }

  test('ask once under StrictMode, keep the space, and show the width that is needed', async () => {
    const open = holds.hold({ kind: 'raw', status: 200, json: await makeLarge() })
    await page.setViewportSize({ width: 300, height: 600 })
    await show({ request: { prompt: 'a wide lake', aspectRatio: '16:9' }, alt: 'A wide lake' })
    const before = await waitUntil('following === 1')
    expect(before).toMatchObject({ state: 'pending', busy: 'true', alt: 'A wide lake', posts: 1 })
    open()
    const after = await waitUntil(`state === 'shown'`)
    expect(after).toMatchObject({ busy: 'false', posts: 1, faults: [], blur: '' })
    expect(after.beneath).toBe(before.beneath)
    expect(after.beneath).toBeGreaterThan(100)
    expect(after.shift).toBe(0)
    expect(new URL(after.currentSrc).searchParams.get('w')).toBe('320')
    expect(app.gemini.countCalls('a wide lake')).toBe(1)
  })

  test('show the thumbhash until the picture has come', async () => {
    const initial = await client.generate({ prompt: 'a blurred lake' })
    let letGo = () => {}
    const held = new Promise<void>((resolve) => {
      letGo = resolve
    })
    await page.route(`${app.url}/images/**`, async (route) => {
      await held
      await route.continue()
    })
    await show({ request: { prompt: 'a blurred lake' }, alt: 'A lake', initial })
    const before = await look()
    expect(before).toMatchObject({ state: 'pending', posts: 0, src: initial.imageUrl })
    expect(before.blur).toMatch(/^url\("data:image\/png;base64,/)
    letGo()
    expect(await waitUntil(`state === 'shown'`)).toMatchObject({ posts: 0, blur: '' })
    await page.unroute(`${app.url}/images/**`)
  })

  test('stop following when they are gone', async () => {
    const open = holds.hold()
    await show({ request: { prompt: 'an unwatched lake' }, alt: '' })
    await waitUntil('following === 1')
    await run('leave')
    expect(await waitUntil('following === 0')).toMatchObject({ posts: 1 })
    open()
  })

  test('show the picture of the newest request only', async () => {
    const open = holds.hold()
    await show({ request: { prompt: 'the first lake' }, alt: '' })
    await waitUntil('following === 1')
    holds.release()
    await show({ request: { prompt: 'the second lake' }, alt: '' })
    await waitUntil(`state === 'shown'`)
    open()
    const { id: second } = await client.generate({ prompt: 'the second lake' })
    await client.generate({ prompt: 'the first lake' })
    const { shownSources } = await look()
    const pictures = shownSources.filter((src) => !src.startsWith('data:'))
    expect(pictures).toEqual([expect.stringContaining(second ?? 'none')])
    // Another object that says the same is the same request.
    await show({ request: { prompt: 'the second lake', variant: undefined }, alt: 'again' })
    expect(await waitUntil(`state === 'shown'`)).toMatchObject({ posts: 2, alt: 'again' })
  })

  test('say why there is none, and ask again when told to', async () => {
    app.gemini.behave({ kind: 'prompt_blocked' })
    await show({ request: { prompt: 'a refused lake' }, alt: '' })
    const failed = await waitUntil(`state === 'failed' && naturalWidth > 1`)
    expect(failed.alert).toMatch(/refus/i)
    app.gemini.behave({ kind: 'image' })
    await page.click('#retry')
    expect(await waitUntil(`state === 'shown'`)).toMatchObject({ alert: '', posts: 2 })
  })

  test('load a picture again that did not come', async () => {
    const initial = await client.generate({ prompt: 'a lost lake' })
    await page.route(`${app.url}/images/**`, (route) => route.fulfill({ status: 500 }))
    await show({ request: { prompt: 'a lost lake' }, alt: '', initial })
    expect((await waitUntil(`state === 'failed'`)).alert).toBe('The picture could not be loaded.')
    await page.unroute(`${app.url}/images/**`)
    expect(complaints.splice(0)).toHaveLength(1)
    await page.click('#retry')
    expect(await waitUntil(`state === 'shown'`)).toMatchObject({ posts: 0 })
  })

  test('pay for another one at a double click once, and keep the first until it is there', async () => {
    await show({ request: { prompt: 'one more lake' }, alt: '' })
    const first = await waitUntil(`state === 'shown'`)
    const open = holds.hold()
    await page.dblclick('#another')
    const meanwhile = await waitUntil('posts === 2')
    expect(meanwhile).toMatchObject({ state: 'pending', src: first.src })
    open()
    const second = await waitUntil(`state === 'shown'`)
    expect(second.src).not.toBe(first.src)
    expect(app.gemini.countCalls('one more lake')).toBe(2)
  })

  test('wait for what is promised in the fallback of Suspense, and ask for nothing', async () => {
    const initial = await client.generate({ prompt: 'a promised lake' })
    const picture = { request: { prompt: 'a promised lake' }, alt: '' }
    await page.evaluate(`keep = page.showPromised(${JSON.stringify(picture)}), undefined`)
    expect(await waitUntil('fallback')).toMatchObject({ posts: 0 })
    await page.evaluate(`keep(${JSON.stringify(initial)})`)
    expect(await waitUntil(`state === 'shown'`)).toMatchObject({ posts: 0, fallback: false })
  })

  const render = (picture: GeneratedImageProps) =>
    renderToString(createElement(App, { client, picture }))

  test('take over what a server rendered, with and without its picture', async () => {
    const initial: GenerationResult = await client.generate({ prompt: 'a served lake' })
    const whole = { request: { prompt: 'a served lake' }, alt: 'A lake', initial }
    await open(render(whole))
    await run('hydrate', whole)
    expect(await waitUntil(`state === 'shown'`)).toMatchObject({ posts: 0, faults: [] })
    await run('clear')

    const empty = { request: { prompt: 'a lake to come' }, alt: 'A lake' }
    await open(render(empty))
    await run('hydrate', empty)
    expect(await waitUntil(`state === 'shown'`)).toMatchObject({ posts: 1, faults: [] })
    expect(app.gemini.countCalls('a lake to come')).toBe(1)
  })
})
