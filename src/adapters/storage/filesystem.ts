import { constants } from 'node:fs'
import { access, link, mkdir, open, rm, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { ImageStore, OpenedImage, StoredObject } from '../../generation/ports.ts'
import {
  createMakeDirectory,
  findFile,
  findStats,
  hasCode,
  orUnavailable,
  removeTemporaryFiles,
  syncDirectory,
  walkFiles,
  withTemporaryFile,
} from './durable-file.ts'
import {
  checkImage,
  checkObjectKey,
  HEAD_BYTES,
  isObjectKey,
  mimeTypeOf,
  toStoredImage,
} from './stored-object.ts'

const PAGE_OBJECTS = 1_000

/**
 * Objects as files of one directory, for one machine. Needs a file system with hard links: a link is what
 * makes a whole file appear under a name that is not taken.
 */
export const createFilesystemStore = ({ directory }: { directory: string }): ImageStore => {
  const top = resolve(directory)
  const makeDirectory = createMakeDirectory(top)
  const pathOf = (key: string) => join(top, checkObjectKey(key))

  return {
    kind: 'filesystem',
    put: async (key, image) => {
      const path = pathOf(key)
      checkImage(key, image)
      return orUnavailable(() => write(makeDirectory, path, image.bytes))
    },
    find: async (key) => {
      const path = pathOf(key)
      const bytes = await orUnavailable(() => findFile(path))
      return bytes && toStoredImage(key, bytes)
    },
    open: async (key) => {
      const path = pathOf(key)
      return orUnavailable(() => openFile(key, path))
    },
    has: async (key) => {
      const path = pathOf(key)
      return orUnavailable(async () => {
        if (await findStats(path)) return true
        // A directory that is not mounted must not pass for one that has lost its objects.
        await access(top, constants.R_OK)
        return false
      })
    },
    list: (folder) => listObjects(top, checkObjectKey(folder)),
    removeLeftovers: (before) => removeTemporaryFiles(top, before),
    delete: async (key) => {
      const path = pathOf(key)
      await orUnavailable(() => rm(path, { force: true }))
    },
    findUrl: async () => undefined,
    ping: () =>
      orUnavailable(async () => {
        await mkdir(top, { recursive: true })
        await access(top, constants.R_OK | constants.W_OK)
      }),
    close: () => {},
  }
}

const write = async (
  makeDirectory: (path: string) => Promise<void>,
  path: string,
  bytes: Uint8Array,
) => {
  const folder = dirname(path)
  // The folder of one image is as short-lived as it is, and those of a kind are few.
  await makeDirectory(dirname(folder))
  await mkdir(folder, { recursive: true })
  const outcome = await withTemporaryFile(folder, [bytes], (temporary) =>
    linkUnlessExists(temporary, path),
  )
  // After `exists` too: the writer that was first may not have come this far, and its object is relied on now.
  await Promise.all([syncDirectory(folder), syncDirectory(dirname(folder))])
  return outcome
}

/** What is open stays whole, though it be deleted meanwhile. */
const openFile = async (key: string, path: string): Promise<OpenedImage | undefined> => {
  const file = await open(path).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined
    throw error
  })
  if (!file) return undefined
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    const { size: sizeBytes } = await file.stat()
    const mimeType = mimeTypeOf(key, buffer.subarray(0, bytesRead))
    return { mimeType, sizeBytes, stream: file.createReadStream({ start: 0 }) }
  } catch (error) {
    await file.close()
    throw error
  }
}

async function* listObjects(top: string, folder: string): AsyncGenerator<StoredObject[]> {
  let page: StoredObject[] = []
  for await (const { name, sizeBytes, modifiedAt } of walkFiles(join(top, folder))) {
    const key = `${folder}/${name}`
    if (isObjectKey(key)) page.push({ key, sizeBytes, modifiedAt })
    if (page.length < PAGE_OBJECTS) continue
    yield page
    page = []
  }
  if (page.length > 0) yield page
}

const linkUnlessExists = async (from: string, to: string): Promise<'stored' | 'exists'> => {
  try {
    await link(from, to)
    return 'stored'
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return 'exists'
    throw error
  } finally {
    await unlink(from)
  }
}
