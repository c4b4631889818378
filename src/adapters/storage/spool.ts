import { createHash } from 'node:crypto'
import { mkdir, rename } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import type { ProviderResult, Spool } from '../../generation/ports.ts'
import { toNanoUsd, toUsd } from '../../lib/money.ts'
import {
  createMakeDirectory,
  findFile,
  orUnavailable,
  removeIfThere,
  syncDirectory,
  withTemporaryFile,
} from './durable-file.ts'

const headerSchema = z.strictObject({
  costUsd: z.number(),
  byteLength: z.number(),
  /** Over the cost, the count and the bytes: a wrong price is damage too. Against damage alone, which is all that a disk does to a file. */
  crc32: z.number().optional(),
  /** In its place, of the release before. */
  sha256: z.string().optional(),
  /** How many came besides, on the image's; the release before has as many as there are. */
  others: z.number().optional(),
  /** Whose bytes these are; the release before did not write it. */
  key: z.string().optional(),
})

/** What was said with an image, in a file of its own: a release before knows of none, and reads the others. */
const WORDS = 'words'
type Place = number | typeof WORDS

const wordsSchema = z.object({
  said: z.string().optional(),
  answer: z.unknown().optional(),
  /** Absent of the release before. */
  receipt: z
    .object({
      usage: z.unknown().optional(),
      responseId: z.string().optional(),
      priceVersion: z.string(),
      basis: z.enum(['measured', 'listed']),
    })
    .optional(),
})

/**
 * A file for each piece of a key's result: a line of JSON that says what follows it, then the bytes. The image's is written
 * last and removed last, so that the others are there whenever it is.
 */
export const createSpool = ({ directory }: { directory: string }): Spool => {
  const top = resolve(directory)
  const makeDirectory = createMakeDirectory(top)
  // Hashed, as a key may be longer than a file name or hold a slash.
  const pathOf = (key: string, place: Place = 0) => {
    const name = place === 0 ? key : `${key}\n${place}`
    return join(top, createHash('sha256').update(name).digest('hex'))
  }
  const writePiece = (key: string, place: Place, piece: Piece, others?: number) =>
    withTemporaryFile(top, [encodeHeader(key, piece, others), piece.bytes], (temporary) =>
      rename(temporary, pathOf(key, place)),
    )
  const findPiece = async (key: string, place: Place): Promise<WrittenPiece | undefined> => {
    const file = await orUnavailable(() => findFile(pathOf(key, place)))
    if (!file) return undefined
    const piece = decode(key, file)
    if (!piece) await removeIfThere(pathOf(key, place))
    return piece
  }

  return {
    write: async (key, { others = [], said, answer, receipt, bytes, costNanoUsd }) => {
      await makeDirectory(top)
      // It may have been taken away since.
      await mkdir(top, { recursive: true })
      for (const [index, other] of others.entries()) {
        await writePiece(key, index + 1, { bytes: other, costUsd: 0 })
      }
      if (said !== undefined || answer !== undefined || receipt) {
        await writePiece(key, WORDS, {
          bytes: Buffer.from(JSON.stringify({ said, answer, receipt })),
          costUsd: 0,
        })
      }
      await writePiece(key, 0, { bytes, costUsd: toUsd(costNanoUsd) }, others.length)
      await syncDirectory(top)
    },
    find: async (key) => {
      const image = await findPiece(key, 0)
      if (!image) return undefined
      const { bytes, costUsd, count } = image
      const others: Uint8Array[] = []
      while (others.length < count) {
        const other = await findPiece(key, others.length + 1)
        if (!other) break
        others.push(other.bytes)
      }
      const words = parseWords(await findPiece(key, WORDS))
      const costNanoUsd = toNanoUsd(costUsd)
      return { bytes, costNanoUsd, ...(others.length > 0 && { others }), ...words }
    },
    delete: async (key) => {
      for (let place = 1; await removeIfThere(pathOf(key, place)); place++);
      await removeIfThere(pathOf(key, WORDS))
      await removeIfThere(pathOf(key))
    },
  }
}

/** The image does without what can't be read. */
const parseWords = (
  piece: WrittenPiece | undefined,
): Pick<ProviderResult, 'said' | 'answer' | 'receipt'> => {
  if (!piece) return {}
  try {
    return wordsSchema.parse(JSON.parse(Buffer.from(piece.bytes).toString()))
  } catch {
    return {}
  }
}

/** In dollars, as a release before reads and wrote them. */
type Piece = { bytes: Uint8Array; costUsd: number }
/** With how many others it came. */
type WrittenPiece = Piece & { count: number }

const encodeHeader = (key: string, { bytes, costUsd }: Piece, others?: number): Uint8Array => {
  const checksum = checksumOf({ costUsd, others }, bytes)
  const header = { costUsd, byteLength: bytes.length, crc32: checksum, others, key }
  return Buffer.from(`${JSON.stringify(header)}\n`)
}

/** Undefined for a file that is not exactly what was written. */
const decode = (key: string, file: Uint8Array): WrittenPiece | undefined => {
  const header = parseSpoolHeader(file)
  const bytes = file.subarray(file.indexOf(LINE_FEED) + 1)
  if (!header || header.byteLength !== bytes.length) return undefined
  if (header.key !== undefined && header.key !== key) return undefined
  if (!isUndamaged(header, bytes)) return undefined
  const { costUsd, others = Number.POSITIVE_INFINITY } = header
  return { bytes, costUsd, count: others }
}

type Header = z.output<typeof headerSchema>

const isUndamaged = (header: Header, bytes: Uint8Array): boolean =>
  header.crc32 === undefined
    ? header.sha256 === digestOf(header.costUsd, bytes)
    : header.crc32 === checksumOf(header, bytes)

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

const checksumOf = (
  { costUsd, others }: { costUsd: number; others?: number | undefined },
  bytes: Uint8Array,
): number => crc32(bytes, crc32(`${costUsd} ${others}\n`))

const digestOf = (costUsd: number, bytes: Uint8Array): string =>
  createHash('sha256').update(`${costUsd}\n`).update(bytes).digest('hex')
