import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

/** Keeps the browser from calling home, which a closed network would only slow down. */
const QUIET = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A real Chromium with a profile of its own. */
export const startBrowser = async () => {
  const profile = await mkdtemp(join(tmpdir(), 'imageonce-browser-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.TEST_CHROMIUM ?? '',
    headless: true,
    // As root Chromium has no sandbox to offer.
    args: process.getuid?.() === 0 ? [...QUIET, '--no-sandbox'] : QUIET,
  })
  const close = async () => {
    await context.close()
    await rm(profile, { recursive: true, force: true })
  }
  return { context, close }
}
