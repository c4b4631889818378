import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makeTemporaryFolder, type TemporaryFolder } from './temporary-folder.ts'

/** The pages as they are now, built into a folder that takes the place of `dist`. */
export const buildPages = async (sites: Record<string, string>): Promise<TemporaryFolder> => {
  const folder = await makeTemporaryFolder('pages')
  const vite = join('node_modules', 'vite', 'bin', 'vite.js')
  const builds = Object.entries(sites).map(([name, source]) =>
    promisify(execFile)(process.execPath, [
      vite,
      'build',
      source,
      '--logLevel=warn',
      `--outDir=${join(folder.path, name)}`,
    ]),
  )
  await Promise.all(builds)
  return folder
}
