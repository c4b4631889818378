import { chromium } from 'playwright-core'
import { findOnPath } from '../test/support/programs.ts'
import { printAim } from './report.ts'
import { medianOf } from './statistics.ts'

const MAX_MS = 1_000
const ROUNDS = 5
/** Drawn last: the picker answers and every figure is there by then. */
const CHARTS = 3

/** From going to the dashboard with an empty cache until its overview is drawn and answers, in a real Chromium. */
export const measureOverview = async (url: string, token: string): Promise<void> => {
  const executablePath = findOnPath('chromium')
  if (!executablePath) return console.log('  overview: skipped, there is no chromium')
  const browser = await chromium.launch({
    executablePath,
    args: process.getuid?.() === 0 ? ['--no-sandbox', '--disable-gpu'] : ['--disable-gpu'],
  })
  try {
    for (const days of [7, 30]) {
      const times: number[] = []
      for (let round = 0; round <= ROUNDS; round++) {
        const context = await browser.newContext()
        await context.request.post(`${url}/api/session`, { data: { token } })
        const page = await context.newPage()
        await page.goto(`${url}/?days=${days}`)
        await page
          .locator('canvas')
          .nth(CHARTS - 1)
          .waitFor()
        // The first one warms the browser up.
        if (round > 0) times.push((await page.evaluate('performance.now()')) as number)
        await context.close()
      }
      const medianMs = medianOf(times)
      const figure = `overview in a browser, ${days} days`.padEnd(32)
      printAim(`  ${figure} ${medianMs.toFixed(0)} ms, aim ${MAX_MS} ms`, medianMs <= MAX_MS)
    }
  } finally {
    await browser.close()
  }
}
