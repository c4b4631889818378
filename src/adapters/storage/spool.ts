import { createHash } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import type { ProviderResult, Spool } from '../../generation/ports.ts'
import { findFile, orUnavailable, syncDirectories, withTemporaryFile } from './durable-file.ts'

const headerSchema = z.strictObject({
  costUsd: z.number(),
  byteLength: z.number(),
  /** Over the cost and the bytes: a wrong price is damage too. */
  sha256: z.string(),
  /** Whose bytes these are; the release before did not write it. */
  key: z.string().optional(),
})

/** One file a key: a line of JSON that says what follows it, then the bytes. */
export const createSpool = ({ directory }: { directory: string }): Spool => {
  const top = resolve(directory)
  // Hashed, as a key may be longer than a file name or hold a slash.
  const pathOf = (key: string) => join(top, createHash('sha256').update(key).digest('hex'))

  return {
    write: async (key, result) => {
      await mkdir(top, { recursive: true })
      await withTemporaryFile(top, [encodeHeader(key, result), result.bytes], (temporary) =>
        rename(temporary, pathOf(key)),
      )
      await syncDirectories(top, dirname(top))
    },
    find: async (key) => {
      const file = await orUnavailable(() => findFile(pathOf(key)))
      if (!file) return undefined
      const result = decode(key, file)
      if (!result) await rm(pathOf(key), { force: true })
      return result
    },
    delete: async (key) => {
      await rm(pathOf(key), { force: true })
    },
  }
}

const encodeHeader = (key: string, { bytes, costUsd }: ProviderResult): Uint8Array => {
  const header = { costUsd, byteLength: bytes.length, sha256: digestOf(costUsd, bytes), key }
  return Buffer.from(`${JSON.stringify(header)}\n`)
}

/** Undefined for a file that is not exactly what was written. */
const decode = (key: string, file: Uint8Array): ProviderResult | undefined => {
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
