import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makeTemporaryFolder, type TemporaryFolder } from './temporary-folder.ts'

/** The pages as they are now, built into a folder that takes the place of `dist`. */
export const buildPages = async (sites: Record<string, string>): Promise<TemporaryFolder> => {
  const folder = await makeTemporaryFolder('pages')
  // As they are shipped: under jest's own NODE_ENV they would be half as large again.
  const env = { ...process.env, NODE_ENV: 'production' }
  const vite = join('node_modules', 'vite', 'bin', 'vite.js')
  const builds = Object.entries(sites).map(([name, source]) =>
    promisify(execFile)(
      process.execPath,
      [vite, 'build', source, '--logLevel=warn', `--outDir=${join(folder.path, name)}`],
      { env },
    ),
  )
  await Promise.all(builds)
  return folder
}
