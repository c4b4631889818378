import type { Page } from 'playwright-core'
import { startTestApp } from './app.ts'
import { startBrowser } from './browser.ts'
import { buildPages } from './build-pages.ts'
import { startTcpProxy } from './tcp-proxy.ts'

export type Studio = Awaited<ReturnType<typeof startStudio>>

/** The studio as it is now, a browser, and a network between them that can be cut. */
export const startStudio = async () => {
  const pages = await buildPages({ studio: 'examples/studio' })
  let onInserted = () => {}
  const app = await startTestApp({
    overrides: {
      builtPages: pages.path,
      onStep: (_id, step) => step === 'inserted' && onInserted(),
    },
  })
  const proxy = await startTcpProxy({ host: '127.0.0.1', port: Number(new URL(app.url).port) })
  const url = `http://127.0.0.1:${proxy.port}`
  const browser = await startBrowser()

  const complaints: string[] = []
  const foreign: string[] = []
  browser.context.on('weberror', (error) => complaints.push(error.error().message))
  browser.context.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  browser.context.on('request', (request) => {
    if (!request.url().startsWith(url)) foreign.push(request.url())
  })

  /** The studio of this person, once it can be used. */
  const open = async (person: string, query = ''): Promise<Page> => {
    const page = await browser.context.newPage()
    await page.goto(`${url}/studio${query}#token=${await app.token(person)}`)
    await page.getByRole('heading', { name: 'Your post' }).waitFor()
    return page
  }

  const stop = async () => {
    await browser.close()
    await app.stop()
    await proxy.close()
    await pages.remove()
  }

  return {
    app,
    proxy,
    open,
    /** What pages complained of, and which other addresses they asked. */
    complaints,
    foreign,
    /** Calls `listener` once the next submission is written down, before it is answered. */
    onceSubmitted: (listener: () => void) => {
      onInserted = () => {
        onInserted = () => {}
        listener()
      }
    },
    stop,
  }
}

/** The ways of a person in the studio. */
export const use = (page: Page) => ({
  write: async (prompt: string, text = '') => {
    await page.getByRole('textbox', { name: 'Text' }).fill(text)
    await page.getByRole('textbox', { name: 'Picture' }).fill(prompt)
  },
  click: (name: string) => page.getByRole('button', { name, exact: true }).click(),
  /** Waits until the newest line of the log tells of this. */
  hear: (action: string, label: string) =>
    page
      .locator('.log li')
      .first()
      .filter({ hasText: action })
      .filter({ hasText: label })
      .waitFor(),
  /** Waits until the figure of this name in the ledger reads so. */
  read: (name: string, value: string) =>
    page
      .locator('.figure')
      .filter({ has: page.getByText(name, { exact: true }) })
      .filter({ has: page.getByText(value, { exact: true }) })
      .waitFor(),
})
