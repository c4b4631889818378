import { createHash } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import type { ProviderResult, Spool } from '../../generation/ports.ts'
import {
  findFile,
  hasCode,
  orUnavailable,
  syncDirectories,
  withTemporaryFile,
} from './durable-file.ts'

const headerSchema = z.strictObject({
  costUsd: z.number(),
  byteLength: z.number(),
  /** Over the cost and the bytes: a wrong price is damage too. */
  sha256: z.string(),
  /** Whose bytes these are; the release before did not write it. */
  key: z.string().optional(),
})

/**
 * A file for each piece of a key's result: a line of JSON that says what follows it, then the bytes. The image's is written
 * last and removed last, so that the others are there whenever it is.
 */
export const createSpool = ({ directory }: { directory: string }): Spool => {
  const top = resolve(directory)
  // Hashed, as a key may be longer than a file name or hold a slash.
  const pathOf = (key: string, place = 0) => {
    const name = place === 0 ? key : `${key}\n${place}`
    return join(top, createHash('sha256').update(name).digest('hex'))
  }
  const writePiece = (key: string, place: number, piece: Piece) =>
    withTemporaryFile(top, [encodeHeader(key, piece), piece.bytes], (temporary) =>
      rename(temporary, pathOf(key, place)),
    )
  const findPiece = async (key: string, place: number): Promise<Piece | undefined> => {
    const file = await orUnavailable(() => findFile(pathOf(key, place)))
    if (!file) return undefined
    const piece = decode(key, file)
    if (!piece) await rm(pathOf(key, place), { force: true })
    return piece
  }

  return {
    write: async (key, { others = [], ...image }) => {
      await mkdir(top, { recursive: true })
      for (const [index, bytes] of others.entries()) {
        await writePiece(key, index + 1, { bytes, costUsd: 0 })
      }
      // Of a result before this one.
      await rm(pathOf(key, others.length + 1), { force: true })
      await writePiece(key, 0, image)
      await syncDirectories(top, dirname(top))
    },
    find: async (key) => {
      const image = await findPiece(key, 0)
      if (!image) return undefined
      const others: Uint8Array[] = []
      for (;;) {
        const other = await findPiece(key, others.length + 1)
        if (!other) return { ...image, ...(others.length > 0 && { others }) }
        others.push(other.bytes)
      }
    },
    delete: async (key) => {
      for (let place = 1; await removeIfThere(pathOf(key, place)); place++);
      await rm(pathOf(key), { force: true })
    },
  }
}

/** False when there is no such file. */
const removeIfThere = (path: string): Promise<boolean> =>
  rm(path).then(
    () => true,
    (error: unknown) => {
      if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return false
      throw error
    },
  )

type Piece = Pick<ProviderResult, 'bytes' | 'costUsd'>

const encodeHeader = (key: string, { bytes, costUsd }: Piece): Uint8Array => {
  const header = { costUsd, byteLength: bytes.length, sha256: digestOf(costUsd, bytes), key }
  return Buffer.from(`${JSON.stringify(header)}\n`)
}

/** Undefined for a file that is not exactly what was written. */
const decode = (key: string, file: Uint8Array): Piece | undefined => {
  const header = parseSpoolHeader(file)
  const bytes = file.subarray(file.indexOf(LINE_FEED) + 1)
  if (!header || header.byteLength !== bytes.length) return undefined
  if (header.key !== undefined && header.key !== key) return undefined
  if (header.sha256 !== digestOf(header.costUsd, bytes)) return undefined
  return { bytes, costUsd: header.costUsd }
}

const LINE_FEED = 10

/** What a spool file, or its beginning, says of itself; undefined when it is damaged. */
export const parseSpoolHeader = (file: Uint8Array) => {
  const line = Buffer.from(file.subarray(0, Math.max(file.indexOf(LINE_FEED), 0))).toString()
  try {
    return headerSchema.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}

const digestOf = (costUsd: number, bytes: Uint8Array): string =>
  createHash('sha256').update(`${costUsd}\n`).update(bytes).digest('hex')
