import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { auditPage } from './audit-page.ts'

const SCHEMES = ['light', 'dark'] as const
/** In CSS pixels: a desk, and a small phone. */
const WIDTHS = [1280, 380]
/** A large desk, a small one, a tablet and a small phone. */
export const ALL_WIDTHS = [1440, 1024, 768, 380]

/**
 * Looks at a page in both colour schemes and some widths: leaves a screenshot of each in TEST_SCREENSHOTS (else in the
 * temporary folder), and returns what is amiss, with where. The page ends up wide and light.
 */
export const lookAtPage = async (
  page: Page,
  name: string,
  widths: readonly number[] = WIDTHS,
): Promise<string[]> => {
  const folder = process.env.TEST_SCREENSHOTS ?? join(tmpdir(), 'imageonce-screenshots')
  await mkdir(folder, { recursive: true })
  const amiss: string[] = []
  for (const width of widths) {
    await page.setViewportSize({ width, height: 900 })
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      const look = `${name}-${colorScheme}-${width}`
      amiss.push(...(await auditPage(page)).map((what) => `${look}: ${what}`))
      await page.screenshot({ path: join(folder, `${look}.png`), fullPage: true })
    }
  }
  await page.setViewportSize({ width: 1280, height: 900 })
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  return amiss
}
