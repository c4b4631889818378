import { randomUUID } from 'node:crypto'
import type { Stats } from 'node:fs'
import { type FileHandle, mkdir, open, opendir, readFile, rm, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { createBatcher } from '../../lib/batch.ts'
import { AppError } from '../../lib/errors.ts'

/**
 * Writes a file under a hidden name and hands it to `publish` once its content is on the disk (fsync), which takes it from there.
 * It is gone when anything fails; a crash leaves it hidden.
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
      await writeAll(file, content)
      await file.sync()
    } finally {
      await file.close()
    }
    return await publish(path)
  } catch (error) {
    await removeIfThere(path)
    throw error
  }
}

/** In one call, unless the disk takes no more: the next one then says so. */
const writeAll = async (file: FileHandle, content: readonly Uint8Array[]): Promise<void> => {
  let left = content.filter(({ length }) => length > 0)
  while (left.length > 0) {
    let { bytesWritten } = await file.writev(left)
    left = left.flatMap((part) => {
      const rest = part.subarray(bytesWritten)
      bytesWritten = Math.max(0, bytesWritten - part.length)
      return rest.length > 0 ? [rest] : []
    })
  }
}

/** False when there is no such file. */
export const removeIfThere = async (path: string): Promise<boolean> => {
  try {
    await unlink(path)
    return true
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return false
    throw error
  }
}

/** True for a file that a writer has not published, or never did. */
export const isTemporary = (path: string): boolean => /^\..*\.tmp$/.test(basename(path))

/** Makes the names in a directory durable. Writers of the same moment share it. */
export const syncDirectory = (path: string): Promise<void> => syncShared(path)

/**
 * Makes a directory and those above it up to `top`, with durable names: a new directory lasts no longer than its own name does. Each is
 * seen to once, so this is for the few that stay.
 */
export const createMakeDirectory = (top: string) => {
  const made = new Map<string, Promise<void>>()
  const makeDurable = async (path: string): Promise<void> => {
    if (path !== top && path !== dirname(path)) await make(dirname(path))
    await mkdir(path, { recursive: true })
    await syncDirectory(dirname(path))
  }
  const make = (path: string): Promise<void> => {
    const known = made.get(path)
    if (known) return known
    const making = makeDurable(path)
    made.set(path, making)
    making.catch(() => made.delete(path))
    return making
  }
  return make
}

/** Who comes while one is under way has to wait for the next: their names may have come too late for it. */
const syncShared = createBatcher(
  async (paths: string[]) => {
    await Promise.all([...new Set(paths)].map(syncOne))
    return paths.map(() => undefined)
  },
  { maxSize: Number.POSITIVE_INFINITY, maxRunning: 1 },
)

/** Windows opens no directories, and keeps names by itself. */
const syncOne = async (path: string): Promise<void> => {
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

/**
 * Whatever the file system says is trouble of the store that passes, and no fault of who asked: a disk that is full, a mount that
 * is gone, a right that is missing. Throws `AppError` `unavailable` for it, with what it said as the cause.
 */
export const orUnavailable = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Error && 'errno' in error && 'code' in error)) throw error
    const message = `The image store failed (${error.code}).`
    throw new AppError('unavailable', message, { retryable: true, cause: error })
  }
}

export const hasCode = (error: unknown, code: string): boolean =>
  (error as NodeJS.ErrnoException | undefined)?.code === code

/** A file below a directory; `name` is its path from there, with slashes. */
export type WalkedFile = { name: string; path: string; sizeBytes: number; modifiedAt: Date }

/** All files below a directory, read piece by piece. What goes away meanwhile is left out. */
export async function* walkFiles(directory: string): AsyncGenerator<WalkedFile> {
  const entries = await ifThere(opendir(directory))
  if (!entries) return
  for await (const entry of entries) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) {
      for await (const file of walkFiles(path)) {
        yield { ...file, name: `${entry.name}/${file.name}` }
      }
    } else if (entry.isFile()) {
      const file = await findStats(path)
      if (file) yield { name: entry.name, path, sizeBytes: file.size, modifiedAt: file.mtime }
    }
  }
}

/** What writers left half written that died before then; returns how many files there were. */
export const removeTemporaryFiles = async (directory: string, before: Date): Promise<number> => {
  let removed = 0
  for await (const { path, modifiedAt } of walkFiles(directory)) {
    if (!isTemporary(path) || modifiedAt >= before) continue
    await rm(path, { force: true })
    removed++
  }
  return removed
}

export const findStats = (path: string): Promise<Stats | undefined> => ifThere(stat(path))

const ifThere = <T>(looking: Promise<T>): Promise<T | undefined> =>
  looking.catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  })
