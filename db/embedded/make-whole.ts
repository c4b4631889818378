import { randomUUID } from 'node:crypto'
import { open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pathExists } from './path-exists.ts'
import { isAlive } from './processes.ts'

/**
 * Makes a folder that is there whole or not at all: `fill` makes it under another name, which is then
 * renamed. `marker` is an entry that tells a filled folder. Of two processes that do it at once, one wins.
 */
export const makeWhole = async (
  folder: string,
  marker: string,
  fill: (unfinished: string) => Promise<void>,
): Promise<void> => {
  if (await pathExists(join(folder, marker))) return
  const prefix = `${folder}.unfinished-`
  await removeAbandoned(prefix)
  const unfinished = `${prefix}${process.pid}-${randomUUID()}`
  try {
    await fill(unfinished)
    await rename(unfinished, folder)
    await flush(dirname(folder))
  } catch (error) {
    if (!(await pathExists(join(folder, marker)))) throw error
  } finally {
    await removeFolder(unfinished)
  }
}

/** What processes left that were killed while they filled it. */
const removeAbandoned = async (prefix: string) => {
  const parent = dirname(prefix)
  for (const name of await readdir(parent)) {
    if (!name.startsWith(basename(prefix))) continue
    const pid = Number.parseInt(name.slice(basename(prefix).length), 10)
    const path = join(parent, name)
    if (!isAlive(pid) || (pid === process.pid && (await isOlderThanUs(path)))) {
      await removeFolder(path)
    }
  }
}

/** In a container every run may have the same process id. */
const isOlderThanUs = async (path: string) =>
  stat(path).then(
    ({ mtimeMs }) => mtimeMs < performance.timeOrigin,
    () => false,
  )

/** An orphaned initdb may still be writing into it for a moment. */
const removeFolder = async (path: string) =>
  rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })

/** Makes the rename itself survive a power cut; Windows has no such call for a folder. */
const flush = async (folder: string) => {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  await handle.sync().finally(() => handle.close())
}
