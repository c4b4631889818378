import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Installs the clients at `folder`: those of its lock file, or the newest ones, which are pinned from then on. */
export const installClients = async (
  folder: string,
  { isNewest }: { isNewest: boolean },
): Promise<void> => {
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  const chosen = isNewest ? ['install', '--save-exact', ...(await listNewest(folder))] : ['ci']
  await run('npm', [...chosen, ...quiet], { cwd: folder })
}

const listNewest = async (folder: string): Promise<string[]> => {
  const text = await readFile(`${folder}/package.json`, 'utf8')
  const { dependencies } = JSON.parse(text) as { dependencies: Record<string, string> }
  return Object.keys(dependencies).map((name) => `${name}@latest`)
}
