import { open, rm } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import type { SpoolFile, SpoolFiles } from '../../generation/ports.ts'
import { findStats, hasCode, isTemporary, removeTemporaryFiles, walkFiles } from './durable-file.ts'
import { parseSpoolHeader } from './spool.ts'

/** The files of the spool, for maintenance. */
export const createSpoolFiles = ({ directory }: { directory: string }): SpoolFiles => {
  const top = resolve(directory)

  async function* list(): AsyncGenerator<SpoolFile> {
    for await (const { name, path, modifiedAt } of walkFiles(top)) {
      if (!isTemporary(path)) yield { name, key: await readKey(path), modifiedAt }
    }
  }

  return {
    list,
    remove: async ({ name, modifiedAt }) => {
      const path = join(top, basename(name))
      const stats = await findStats(path)
      if (stats?.mtime.getTime() !== modifiedAt.getTime()) return false
      await rm(path, { force: true })
      return true
    },
    removeLeftovers: (before) => removeTemporaryFiles(top, before),
  }
}

/** More than a header takes; the bytes behind it are not read. */
const HEADER_BYTES = 8_192

const readKey = async (path: string): Promise<string | undefined> => {
  try {
    const file = await open(path)
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0)
      return parseSpoolHeader(buffer.subarray(0, bytesRead))?.key
    } finally {
      await file.close()
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}
