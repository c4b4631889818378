import type { Page } from 'playwright-core'
import { startTestApp } from './app.ts'
import { startBrowser } from './browser.ts'
import { buildPages } from './build-pages.ts'
import { startTcpProxy } from './tcp-proxy.ts'
import { watchPages } from './watch-pages.ts'

export type Studio = Awaited<ReturnType<typeof startStudio>>

/** The studio as it is now, a browser, and a network between them that can be cut. */
export const startStudio = async () => {
  const builtPages = await buildPages('studio')
  let onInserted = () => {}
  const app = await startTestApp({
    overrides: {
      builtPages,
      onStep: (_id, step) => step === 'inserted' && onInserted(),
    },
  })
  const proxy = await startTcpProxy({ host: '127.0.0.1', port: Number(new URL(app.url).port) })
  const url = `http://127.0.0.1:${proxy.port}`
  const browser = await startBrowser()

  const pages = new Set<Page>()
  const { complaints, foreign } = watchPages(browser.context, url)

  /** The studio of this person, once it can be used. */
  const open = async (person: string, query = ''): Promise<Page> => {
    const page = await browser.context.newPage()
    pages.add(page)
    await page.goto(`${url}/studio${query}#token=${await app.token(person)}`)
    await page.getByRole('heading', { name: 'Your post' }).waitFor()
    return page
  }

  /** Closes what is open, and lets the network be well again. */
  const leave = async (): Promise<void> => {
    await Promise.all([...pages].map((page) => page.close()))
    pages.clear()
    await proxy.mend()
  }

  const stop = async () => {
    await browser.close()
    await app.stop()
    await proxy.close()
  }

  return {
    app,
    proxy,
    open,
    leave,
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
export const use = (page: Page) => {
  const click = (name: string) => page.getByRole('button', { name, exact: true }).click()

  const write = async (prompt: string, text = '') => {
    await page.getByRole('textbox', { name: 'Text' }).fill(text)
    await page.getByRole('textbox', { name: 'Picture' }).fill(prompt)
  }

  /** Waits until the newest line of the log tells of this. */
  const hear = (action: string, label: string) => {
    const newest = page.locator('.log li').first()
    return newest.filter({ hasText: action }).filter({ hasText: label }).waitFor()
  }

  /** Waits until the figure of this name in the ledger, or what is below it, reads so. */
  const read = (name: string, value: string) =>
    page
      .locator('.figure')
      .filter({ has: page.getByText(name, { exact: true }) })
      .filter({ has: page.getByText(value, { exact: true }) })
      .waitFor()

  /** From the picture to the posted post; `label` is what the log says of each step. */
  const finish = async (prompt: string, label: string) => {
    await click('Save')
    await hear('Save', label)
    await page.reload()
    await click('Load Out and about')
    await hear('Load', label)
    await click('Preview')
    await hear('Preview', label)
    await page.getByRole('dialog').getByRole('img', { name: prompt }).waitFor()
    await click('Close')
    await click('Post')
    await hear('Post', label)
    await page.getByRole('listitem').filter({ hasText: 'Posted' }).waitFor()
  }

  return { click, write, hear, read, finish }
}
