import type { Database } from '../../../db/database.ts'
import { findGeneration } from '../../generation/state/repository.ts'
import { AppError, messageOf } from '../../lib/errors.ts'

export type TakeImageDeps = {
  db: Database
  /** The id in one of our image URLs; undefined for every other address. */
  findImageId: (url: string) => string | undefined
  /** What is at an address of the public internet; rejects with why it can't be had. */
  fetchBytes: (ownerId: string, url: string) => Promise<Uint8Array>
  /** Stores an image of an owner's, and gives its id. */
  storeImage: (ownerId: string, bytes: Uint8Array) => Promise<string>
}

/**
 * The id of an owner's image that an address shows. One of our own is not fetched; what is elsewhere is copied. Throws `invalid_image`
 * that says what is wrong with it, and what storing throws, both with `pointer`.
 */
export type TakeImage = (ownerId: string, url: string, pointer: string) => Promise<string>

export const createTakeImage =
  ({ db, findImageId, fetchBytes, storeImage }: TakeImageDeps): TakeImage =>
  async (ownerId, url, pointer) => {
    const refuse = (message: string, cause?: unknown) =>
      new AppError('invalid_image', message, { pointer, cause })
    if (!URL.canParse(url)) throw refuse('must be a data URL or the address of a picture')
    const id = findImageId(url)
    if (id) return findShown(db, ownerId, id)
    const bytes = await fetchBytes(ownerId, url).catch((error: unknown) => {
      if (error instanceof AppError && error.code === 'unavailable') throw error
      throw refuse(`could not be fetched: ${messageOf(error)}`, error)
    })
    return storeImage(ownerId, bytes).catch((error: unknown) => {
      if (!(error instanceof AppError)) throw error
      const { code, message, retryable } = error
      throw new AppError(code, message, { pointer, retryable, cause: error })
    })
  }

/** A generation may show an image that another one made; whose it is submitting sees. */
const findShown = async (db: Database, ownerId: string, id: string): Promise<string> => {
  if (!id.startsWith('g_')) return id
  const row = await findGeneration(db, id)
  return row?.ownerId === ownerId ? (row.imageId ?? id) : id
}
