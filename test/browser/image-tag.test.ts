import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { startTestApp, type TestApp } from '../support/app.ts'
import { startBrowser } from '../support/browser.ts'
import { createClient } from '../support/client.ts'
import { createTestBucket, toS3Environment } from '../support/s3-bucket.ts'
import { describeWith } from '../support/skip.ts'

/** Serves one page and nothing else, as the host app would. */
const servePage = async (html: string) => {
  const server = createServer((_req, res) => {
    res.setHeader('content-type', 'text/html').end(`<!doctype html><title>app</title>${html}`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://localhost:${port}/`, close: () => server.close() }
}

describeWith('chromium', 'a plain <img> on another site', () => {
  let app: TestApp
  let browser: Awaited<ReturnType<typeof startBrowser>>

  beforeAll(async () => {
    app = await startTestApp()
    browser = await startBrowser()
  })
  afterAll(async () => {
    await browser.close()
    await app.stop()
  })

  const open = async (imageUrl: string) => {
    const site = await servePage(`<img id="picture" src="${imageUrl}">`)
    const page = await browser.context.newPage()
    const errors: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text())
    })
    await page.goto(site.url, { waitUntil: 'load' })
    const size = await page.evaluate('[picture.naturalWidth, picture.naturalHeight].join("x")')
    await page.close()
    site.close()
    return { size, errors }
  }

  test('opened as soon as the submission is answered shows the image, with no script', async () => {
    app.gemini.behave({ kind: 'delay', ms: 1_500 })
    const alice = await createClient(app)
    const { status, body } = await alice.generate({ prompt: 'a sunrise', aspectRatio: '16:9' })
    expect(status).toBe(202)
    const { size, errors } = await open(`${body.imageUrl}?wait=30`)
    const done = await alice.get(body.id)
    expect(done.body.status).toBe('succeeded')
    expect(size).toBe(`${done.body.width}x${done.body.height}`)
    expect(errors).toEqual([])
    app.gemini.reset()
  })

  test('of a refused prompt shows the placeholder in the shape that was asked for', async () => {
    app.gemini.behave({ kind: 'prompt_blocked' })
    const alice = await createClient(app)
    const { body } = await alice.generateAndWait({ prompt: 'refused', aspectRatio: '16:9' })
    const { size, errors } = await open(body.imageUrl)
    expect(size).toBe('640x360')
    expect(errors).toEqual([])
    app.gemini.reset()
  })
})

describeWith('s3', 'with images in a bucket that allows no other site', () => {
  describeWith('chromium', 'a page of another site', () => {
    let app: TestApp
    let browser: Awaited<ReturnType<typeof startBrowser>>
    let site: Awaited<ReturnType<typeof servePage>>

    beforeAll(async () => {
      site = await servePage('')
      app = await startTestApp({
        env: {
          ...toS3Environment(await createTestBucket()),
          CORS_ORIGINS: new URL(site.url).origin,
        },
      })
      browser = await startBrowser()
    })
    afterAll(async () => {
      await browser.close()
      await app.stop()
      site.close()
    })

    test('shows an image, may read it (`crossorigin`), and shows it again', async () => {
      const alice = await createClient(app)
      const { body } = await alice.generateAndWait({ prompt: 'a canvas' })
      const page = await browser.context.newPage()
      await page.goto(site.url)
      const show = (crossOrigin: string | null) =>
        page.evaluate(
          `new Promise((resolve) => {
            const image = new Image()
            image.crossOrigin = ${JSON.stringify(crossOrigin)}
            image.onload = () => resolve('shown')
            image.onerror = () => resolve('broken')
            image.src = ${JSON.stringify(body.imageUrl)}
          })`,
        )
      for (const crossOrigin of [null, 'anonymous', null, 'anonymous']) {
        expect([crossOrigin, await show(crossOrigin)]).toEqual([crossOrigin, 'shown'])
      }
      await page.close()
    })

    test('may call with whatever headers its monitoring adds', async () => {
      const page = await browser.context.newPage()
      await page.goto(site.url)
      const headers = {
        Authorization: `Bearer ${await app.token()}`,
        'Content-Type': 'application/json',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        tracestate: 'vendor=1',
        'sentry-trace': '1-2-1',
        baggage: 'sentry-environment=production',
        'cache-control': 'no-cache',
        'x-request-id': 'r-1',
      }
      const status = await page.evaluate(
        ([url, headers]) =>
          fetch(String(url), {
            method: 'POST',
            headers: headers as Record<string, string>,
            body: '{"prompt":"watched over"}',
          }).then((answer) => answer.status),
        [`${app.url}/api/visualize/generate`, headers] as const,
      )
      expect(status).toBe(202)
      await page.close()
    })
  })
})
