import type { Stats } from 'node:fs'
import { opendir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode, isTemporary } from './durable-file.ts'

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
