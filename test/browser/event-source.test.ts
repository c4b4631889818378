import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { startTestApp, type TestApp } from '../support/app.ts'
import { startBrowser } from '../support/browser.ts'
import { type Client, createClient } from '../support/client.ts'
import { createHolds } from '../support/held.ts'
import { describeWith } from '../support/skip.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { waitFor } from '../support/wait-for.ts'

const TYPES = ['snapshot', 'generation.running', 'generation.succeeded']

/** Follows a URL by a plain `EventSource`, and keeps what it hears. */
const FOLLOW = `(url) => {
  const source = new EventSource(url)
  window.heard = []
  for (const type of ${JSON.stringify(TYPES)}) {
    source.addEventListener(type, ({ lastEventId, data }) => {
      heard.push([type, lastEventId, JSON.parse(data).generation.status])
      if (type === 'generation.succeeded') source.close()
    })
  }
  source.onopen = () => heard.push(['open'])
  source.onerror = () => heard.push(['error', source.readyState])
}`

describeWith('chromium', 'an EventSource of another site', () => {
  let app: TestApp
  let alice: Client
  let way: TcpProxy
  let browser: Awaited<ReturnType<typeof startBrowser>>
  let holds: ReturnType<typeof createHolds>
  const site = createServer((_req, res) => {
    res.setHeader('content-type', 'text/html').end('<!doctype html><title>app</title>')
  })

  beforeAll(async () => {
    app = await startTestApp()
    way = await startTcpProxy({ host: '127.0.0.1', port: Number(new URL(app.url).port) })
    alice = await createClient({ ...app, url: `http://127.0.0.1:${way.port}` })
    holds = createHolds(app.gemini)
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
    browser = await startBrowser()
  })
  afterEach(() => holds.release())
  afterAll(async () => {
    await browser.close()
    site.close()
    await way.close()
    await app.stop()
  })

  const open = async () => {
    const page = await browser.context.newPage()
    await page.goto(`http://localhost:${(site.address() as AddressInfo).port}/`)
    const read = (): Promise<unknown[][]> => page.evaluate('heard')
    const hears = (word: string) =>
      waitFor(async () => (await read()).some(([type]) => type === word), { what: word })
    const follow = (url: string) => page.evaluate(`(${FOLLOW})(${JSON.stringify(url)})`)
    return { page, read, hears, follow }
  }

  test('hears with no header how it goes, is cut off, and goes on where it was', async () => {
    const held = await holds.start(alice, 'a balloon')
    const { body } = await alice.get(held.id)
    const { page, read, hears, follow } = await open()
    await follow(body.urls.events)
    await hears('snapshot')
    way.reset()
    await hears('error')
    held.open()
    await hears('generation.succeeded')
    const heard = await read()
    // It has come back by itself, with the id that it heard last: nothing is told twice.
    expect(heard.filter(([type]) => type === 'generation.succeeded')).toEqual([
      ['generation.succeeded', '3', 'succeeded'],
    ])
    expect(heard.filter(([type]) => type === 'generation.running')).toEqual([])
    expect(heard.filter(([type]) => type === 'open')).toHaveLength(2)
    await page.close()
  })

  test('without the signature hears nothing', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a balloon' })
    const { page, read, hears, follow } = await open()
    await follow(body.urls.events.replace(/\?.*/, ''))
    await hears('error')
    expect(await read()).toEqual([['error', 2]])
    await page.close()
  })
})
