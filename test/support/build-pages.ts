import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makeOnceInRun } from './once-in-run.ts'

const SOURCES = { web: 'web', studio: 'examples/studio' }

/** A folder that takes the place of `dist`, with the pages as they are now; built once in a test run. */
export const buildPages = (site: keyof typeof SOURCES): Promise<string> =>
  makeOnceInRun(`pages-${site}`, async (path) => {
    // As they are shipped: under jest's own NODE_ENV they would be half as large again.
    const env = { ...process.env, NODE_ENV: 'production' }
    const vite = join('node_modules', 'vite', 'bin', 'vite.js')
    const outDir = join(path, site)
    const args = [vite, 'build', SOURCES[site], '--logLevel=warn', `--outDir=${outDir}`]
    await promisify(execFile)(process.execPath, args, { env })
  })
