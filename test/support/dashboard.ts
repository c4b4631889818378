import type { Page } from 'playwright-core'
import { startTestApp, type TestAppOptions } from './app.ts'
import { startBrowser } from './browser.ts'
import { buildPages } from './build-pages.ts'
import { watchPages } from './watch-pages.ts'

/** Far below the time that a test may take, so that what is missing is named. */
const WAIT_MS = 60_000

export type Dashboard = Awaited<ReturnType<typeof startDashboard>>

/** An app with its pages as they are now, and a browser that is signed in as the operator `dev`. */
export const startDashboard = async (options: TestAppOptions = {}) => {
  const [builtPages, browser] = await Promise.all([buildPages('web'), startBrowser()])
  const overrides = { builtPages, ...options.overrides }
  const app = await startTestApp({ ...options, overrides })
  const watched = watchPages(browser.context, app.url)
  await browser.context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const page: Page = await browser.context.newPage()
  page.setDefaultTimeout(WAIT_MS)
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await page.goto(`${app.url}/#token=${await app.token('dev', true)}`)
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  const stop = async () => {
    await browser.close()
    await app.stop()
  }
  return { app, context: browser.context, page, ...watched, stop }
}
