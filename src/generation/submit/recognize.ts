import { DatabaseAway } from '../../../db/away.ts'
import type { Database } from '../../../db/database.ts'
import type { ImageRow } from '../../../db/schema.ts'
import { AppError } from '../../lib/errors.ts'
import type { ImageStore, PixelPrint, Recognition } from '../ports.ts'
import {
  findAlike,
  findEqual,
  findUnprinted,
  hasMade,
  type OwnersSize,
  type Recognized,
  saveRecognized,
} from './recognized-rows.ts'

export type RecognizeDeps = {
  db: Database
  store: ImageStore
  /** Absent: a condition image is the same by its bytes alone. */
  recognition?: Recognition | undefined
  /** True where nothing may be kept of what is found out. */
  isReadOnly?: boolean
}

/** What is to be a condition image. */
type Picture = OwnersSize & { bytes: Uint8Array; sourceDigest: string }

/**
 * What a picture is recognised by, and the digest of the owner's first picture that shows the same; null where that is this
 * one, or Postgres does not answer. Of two that come at once both may be the first: then each is paid for, as if nothing had
 * been recognised.
 */
export const recognizePicture = async (
  deps: RecognizeDeps,
  picture: Picture,
): Promise<Partial<Recognized>> => {
  if (!deps.recognition || isTooLarge(picture)) return {}
  const print = await deps.recognition.print(picture.bytes, picture.ownerId)
  const first = await findFirst(deps, deps.recognition, picture, print).catch(whenAway)
  const isFirst = first === undefined || first === picture.sourceDigest
  return { ...print, conditionDigest: isFirst ? null : first }
}

/** Of an image in the store that is named as a condition image for the first time: one that was made, or an older upload. */
export const recognizeStored = async (deps: RecognizeDeps, row: ImageRow): Promise<ImageRow> => {
  const { id, userId: ownerId, sourceDigest, width, height } = row
  if (!deps.recognition || row.perceptualHash || !sourceDigest || !width || !height) return row
  if (isTooLarge({ width, height })) return row
  const bytes = await readStored(deps.store, row)
  if (!bytes) return row
  // What was made from it before is found under its own digest.
  const recognized = await ((await hasMade(deps.db, ownerId, sourceDigest))
    ? deps.recognition.print(bytes, ownerId)
    : recognizePicture(deps, { ownerId, bytes, sourceDigest, width, height })
  ).catch(whenUnreadable)
  if (!recognized) return row
  if (!deps.isReadOnly) await saveRecognized(deps.db, id, recognized)
  return { ...row, ...recognized }
}

/** Those of 4K (4096 x 4096). Comparing two of 25 megapixels would take 400 MB and seconds of the process. */
const MAX_RECOGNISED_PIXELS = 17_000_000

const isTooLarge = ({ width, height }: { width: number; height: number }): boolean =>
  width * height > MAX_RECOGNISED_PIXELS

const findFirst = async (
  deps: RecognizeDeps,
  { looksSame, print }: Recognition,
  picture: Picture,
  { pixelDigest, perceptualHash }: PixelPrint,
): Promise<string | undefined> => {
  const { db, store } = deps
  if (!deps.isReadOnly) await printOlder(deps, print, picture)
  const equal = await findEqual(db, picture.ownerId, pixelDigest)
  if (equal) return equal
  if (!looksSame) return undefined
  for (const alike of await findAlike(db, picture, perceptualHash)) {
    const bytes = await readStored(store, alike)
    const isSame = bytes && looksSame(picture.bytes, bytes, picture.ownerId).catch(whenUnreadable)
    if (await isSame) return alike.sourceDigest
  }
  return undefined
}

/** Uploads from before pictures were recognised, or while that was off: a few at a time, when it matters. */
const printOlder = async (
  { db, store }: RecognizeDeps,
  print: Recognition['print'],
  picture: Picture,
): Promise<void> => {
  for (const older of await findUnprinted(db, picture)) {
    const bytes = await readStored(store, older)
    if (!bytes) continue
    const printed = await print(bytes, picture.ownerId).catch(whenUnreadable)
    if (printed) await saveRecognized(db, older.id, printed)
  }
}

/** Undefined also where the store does not answer: what is not recognised is paid for, and that is all. */
const readStored = async (store: ImageStore, { objectKey }: Pick<ImageRow, 'objectKey'>) => {
  if (!objectKey) return undefined
  return (await store.find(objectKey).catch(() => undefined))?.bytes
}

/** What an earlier release took, and this one does not decode. */
const whenUnreadable = (error: unknown): undefined => {
  if (!(error instanceof AppError && error.code === 'invalid_image')) throw error
}

const whenAway = (error: unknown): undefined => {
  if (!(error instanceof DatabaseAway)) throw error
}
