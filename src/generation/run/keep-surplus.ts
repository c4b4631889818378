import type { Database } from '../../../db/database.ts'
import { digestHex } from '../../contract/identity.ts'
import type { AppError } from '../../lib/errors.ts'
import type { ImageStore, InspectedImage, OnTrouble, StoredImage } from '../ports.ts'
import { insertSurplus } from '../state/surplus.ts'
import type { Claim } from '../state/transitions.ts'

/** Something that was paid for: an image, or bytes that do not decode, and why. */
export type Piece = InspectedImage | { bytes: Uint8Array; unreadable: AppError }

type KeepDeps = {
  db: Database
  store: ImageStore
  onTrouble: OnTrouble
  /** Tries until the store has done it. */
  untilStored: (put: () => Promise<unknown>) => Promise<unknown>
}

/**
 * Keeps with a generation what was paid for and is not its image: another picture, or bytes that do not decode, which somebody
 * may want to look at. Safe to repeat: equal bytes are one object.
 */
export const keepSurplus = async (
  { db, store, onTrouble, untilStored }: KeepDeps,
  { id: generationId }: Claim,
  piece: Piece,
): Promise<void> => {
  const { bytes } = piece
  const digest = await digestOf(piece)
  const objectKey = `surplus/${generationId}/${digest}`
  await untilStored(() => store.put(objectKey, { bytes, mimeType: typeOf(piece), digest }))
  const what =
    'unreadable' in piece
      ? { kind: 'unreadable' as const, mimeType: null, reason: piece.unreadable.message }
      : { kind: 'picture' as const, mimeType: piece.mimeType, reason: null }
  const sizeBytes = bytes.byteLength
  await insertSurplus(db, { generationId, digest, objectKey, sizeBytes, ...what })
  if ('unreadable' in piece) onTrouble(generationId, 'answer', piece.unreadable)
}

/** Of its bytes as they are kept. */
export const digestOf = async (piece: Piece): Promise<string> =>
  'digest' in piece ? piece.digest : digestHex(piece.bytes)

const typeOf = (piece: Piece): StoredImage['mimeType'] =>
  'unreadable' in piece ? 'application/octet-stream' : piece.mimeType
