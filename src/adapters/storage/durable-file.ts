import { randomUUID } from 'node:crypto'
import { open, readFile, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/**
 * Writes a file under a hidden name and hands it to `publish` once its content is on the disk (fsync).
 * It is gone afterwards, whatever happened; a crash leaves it hidden.
 */
export const withTemporaryFile = async <T>(
  directory: string,
  content: readonly Uint8Array[],
  publish: (path: string) => Promise<T>,
): Promise<T> => {
  const path = join(directory, `.${randomUUID()}.tmp`)
  try {
    const file = await open(path, 'wx')
    try {
      for (const part of content) await file.writeFile(part)
      await file.sync()
    } finally {
      await file.close()
    }
    return await publish(path)
  } finally {
    await rm(path, { force: true })
  }
}

/** True for a file that a writer has not published, or never did. */
export const isTemporary = (path: string): boolean => /^\..*\.tmp$/.test(basename(path))

/**
 * Makes the names in a directory durable, and those in the ones above it up to `top`: a new directory lasts no
 * longer than its own name does.
 */
export const syncDirectories = async (path: string, top: string): Promise<void> => {
  await syncDirectory(path)
  if (path !== top && path !== dirname(path)) await syncDirectories(dirname(path), top)
}

/** Windows opens no directories, and keeps names by itself. */
const syncDirectory = async (path: string): Promise<void> => {
  if (process.platform === 'win32') return
  const directory = await open(path)
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/** The file's content, or undefined when there is no such file. */
export const findFile = async (path: string): Promise<Uint8Array | undefined> => {
  try {
    return await readFile(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined
    throw error
  }
}

export const hasCode = (error: unknown, code: string): boolean =>
  (error as NodeJS.ErrnoException | undefined)?.code === code
