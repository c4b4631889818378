import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../../../db/database.ts'
import { digestHex } from '../../contract/identity.ts'
import { AppError, ProviderError } from '../../lib/errors.ts'
import type {
  ImageStore,
  InspectedImage,
  InspectImage,
  OnTrouble,
  ProviderResult,
  Spool,
  StoredImage,
  StoredObject,
} from '../ports.ts'
import type { GenerationWithImage } from '../state/repository.ts'
import { type Claim, pointToObject } from '../state/transitions.ts'
import type { StepTimes } from './attempts.ts'
import { digestOf, keepSurplus, type Piece } from './keep-surplus.ts'
import type { Countdown } from './lease.ts'

type StoreDeps = {
  db: Database
  store: ImageStore
  spool: Spool
  inspect: InspectImage
  retryBackoffMs: number
  onTrouble: OnTrouble
  steps: StepTimes
  leftUntil: Countdown
}

const MAX_STORE_BACKOFF_MS = 5_000

/**
 * Checks paid-for bytes and puts them in the store: the first picture, and then whatever else came with it. While the store
 * is in trouble this keeps trying, as long as the claim stands and until its deadline: it never leads back to paying. It tries
 * once even when the claim is lost, so that the next claim may find them. Throws `no_image` when the bytes are no image; they
 * are kept then. Throws `deadline_exceeded`.
 */
export const storeImage = async (
  deps: StoreDeps,
  claim: Claim,
  paid: ProviderResult,
  signal: AbortSignal,
): Promise<{ image: InspectedImage; words: Words }> => {
  const pieces = await inspectAll(deps, claim, paid)
  deps.steps.mark('inspected')
  const image = pieces.find(isImage)
  const untilStored = createUntilStored(deps, claim, signal)
  for (const piece of pieces) {
    if (piece !== image) await keepSurplus({ ...deps, untilStored }, claim, piece)
  }
  if (!image) throw await giveUp(deps, claim, pieces)
  const stored = await untilStored(async () =>
    (await deps.store.put(claim.objectKey, image)) === 'stored'
      ? image
      : describeStored(deps, claim, image),
  )
  const words = { said: paid.said, answer: await nameByDigest(paid.answer, pieces) }
  return { image: stored, words }
}

/** Keeps all of an answer beside its generation, which has another image or gets one by another call; not that image itself. */
export const keepBesides = async (
  deps: StoreDeps,
  claim: Claim & Pick<GenerationWithImage, 'imageContentDigest'>,
  paid: ProviderResult,
  signal: AbortSignal,
): Promise<void> => {
  const untilStored = createUntilStored(deps, claim, signal)
  for (const piece of await inspectAll(deps, claim, paid)) {
    if ((await digestOf(piece)) === claim.imageContentDigest) continue
    await keepSurplus({ ...deps, untilStored }, claim, piece)
  }
}

/** What was said with an image. */
export type Words = Pick<ProviderResult, 'said' | 'answer'>

/** The answer with the digest of each picture's stored bytes beside its place in the answer. */
const nameByDigest = async (answer: unknown, pieces: readonly Piece[]): Promise<unknown> => {
  const digests = await Promise.all(pieces.map(digestOf))
  const name = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(name)
    if (typeof value !== 'object' || value === null) return value
    if ('$image' in value) return { ...value, digest: digests[Number(value.$image)] }
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, name(inner)]))
  }
  return name(answer)
}

/** The spool keeps it for whoever asks again. */
const notStoredInTime = () =>
  new AppError(
    'deadline_exceeded',
    'The image was made, and could not be stored in the time there was. Asking again takes it up where it is.',
    { retryable: true },
  )

const isImage = (piece: Piece): piece is InspectedImage => !('unreadable' in piece)

const inspectAll = async (
  { inspect }: StoreDeps,
  { ownerId }: Claim,
  { bytes, others = [] }: ProviderResult,
): Promise<Piece[]> => {
  const pieces: Piece[] = []
  for (const each of [bytes, ...others]) {
    const piece = await inspect(each, ownerId).catch((error: unknown) => {
      if (!(error instanceof AppError && error.code === 'invalid_image')) throw error
      return { bytes: each, unreadable: error }
    })
    pieces.push(piece)
  }
  return pieces
}

/** Tries until the store has done it, the claim is lost, or its time is over. */
const createUntilStored =
  ({ retryBackoffMs, onTrouble, leftUntil }: StoreDeps, claim: Claim, signal: AbortSignal) =>
  async <Result>(put: () => Promise<Result>): Promise<Result> => {
    for (let round = 0; ; round++) {
      try {
        return await put()
      } catch (error) {
        onTrouble(claim.id, 'store', error)
      }
      signal.throwIfAborted()
      if (claim.deadlineAt && leftUntil(claim.deadlineAt) <= 0) throw notStoredInTime()
      const backoffMs = Math.min(MAX_STORE_BACKOFF_MS, retryBackoffMs * 2 ** Math.min(round, 10))
      await delay(Math.random() * backoffMs, undefined, { signal }).catch(() =>
        signal.throwIfAborted(),
      )
    }
  }

/** What came is kept; the same words would only buy it again, so asking again is remembered for a while. */
const giveUp = async (
  { spool, onTrouble }: StoreDeps,
  claim: Claim,
  pieces: readonly Piece[],
): Promise<ProviderError> => {
  await spool
    .delete(claim.objectKey)
    .catch((failure: unknown) => onTrouble(claim.id, 'spool', failure))
  const cause = pieces.find((piece) => 'unreadable' in piece)?.unreadable
  const sizeBytes = pieces.reduce((sum, { bytes }) => sum + bytes.byteLength, 0)
  return new ProviderError(
    'no_image',
    `The model's answer is not a usable image: ${cause?.message} Its ${sizeBytes} bytes are kept with the generation.`,
    { retryable: false, cause },
  )
}

/** An earlier attempt stored these or other bytes at our key: what is there counts. */
const describeStored = async (
  { store, inspect }: StoreDeps,
  claim: Claim,
  ours: InspectedImage,
): Promise<InspectedImage> => {
  const stored = await store.find(claim.objectKey)
  if (!stored) throw new Error('the store has an object at this key, and has not')
  const digest = await digestHex(stored.bytes)
  return digest === ours.digest ? ours : describeAsStored(inspect, stored)
}

/** An object as it is, though it would be encoded anew today. Throws `AppError` `invalid_image` for one that does not decode. */
export const describeAsStored = async (
  inspect: InspectImage,
  { bytes }: StoredImage,
): Promise<InspectedImage> => {
  const { mimeType, width, height, thumbhash } = await inspect(bytes)
  return { bytes, mimeType, width, height, thumbhash, digest: await digestHex(bytes) }
}

/**
 * The image that the store has of this generation, and the claim with its key: at the row's own, or at one of an earlier row that
 * Postgres has forgotten, which a restored database does. What its owner deleted is left out.
 */
export const findStored = async (
  { db, store }: { db: Database; store: ImageStore },
  claim: Claim,
): Promise<{ claim: Claim; image?: StoredImage }> => {
  for (const objectKey of await listKeys(store, claim)) {
    const isOwn = objectKey === claim.objectKey
    if (!isOwn && !(await pointToObject(db, claim, objectKey))) continue
    // After the row says so: from then on nobody takes it for an orphan.
    const image = await store.find(objectKey)
    const pointed = { ...claim, objectKey }
    if (image || !isOwn) return image ? { claim: pointed, image } : { claim: pointed }
  }
  return { claim }
}

/** Where an image of this generation is, its own key first and then the newest. */
export const listKeys = async (
  store: Pick<ImageStore, 'list'>,
  { id, objectKey }: Pick<Claim, 'id' | 'objectKey'>,
): Promise<string[]> => {
  const folder = `generated/${id}`
  const found: StoredObject[] = []
  try {
    for await (const page of store.list(folder)) found.push(...page)
  } catch (error) {
    // A key without the right to list sees its own object all the same.
    if (error instanceof AppError && !error.retryable) return [objectKey]
    throw error
  }
  const rank = ({ key, modifiedAt }: StoredObject) =>
    key === objectKey ? Number.POSITIVE_INFINITY : modifiedAt.getTime()
  return found
    .filter(({ key }) => isImageKey(folder, key))
    .sort((a, b) => rank(b) - rank(a))
    .map(({ key }) => key)
}

/** Thumbnails stand beside their image, under its name and more. */
const isImageKey = (folder: string, key: string): boolean =>
  /^[\w-]+$/.test(key.slice(folder.length + 1))
