import { setTimeout as delay } from 'node:timers/promises'
import { digestHex } from '../../contract/identity.ts'
import { AppError, ProviderError } from '../../lib/errors.ts'
import type {
  ImageStore,
  InspectedImage,
  InspectImage,
  OnTrouble,
  ProviderResult,
  Spool,
} from '../ports.ts'
import type { Claim } from '../state/transitions.ts'
import type { StepTimes } from './attempts.ts'

type StoreDeps = {
  store: ImageStore
  spool: Spool
  inspect: InspectImage
  retryBackoffMs: number
  onTrouble: OnTrouble
  steps: StepTimes
}

const MAX_STORE_BACKOFF_MS = 5_000

/**
 * Checks paid-for bytes and puts them in the store. While the store is in trouble this keeps trying, as long as
 * the claim stands: it never leads back to paying. It tries once even when the claim is lost, so that the next
 * claim may find them. Throws `no_image` when the bytes are no image.
 */
export const storeImage = async (
  deps: StoreDeps,
  claim: Claim,
  paid: ProviderResult,
  signal: AbortSignal,
): Promise<InspectedImage> => {
  const image = await inspectPaid(deps, claim, paid.bytes)
  deps.steps.mark('inspected')
  for (let round = 0; ; round++) {
    try {
      if ((await deps.store.put(claim.objectKey, image)) === 'stored') return image
      return await describeStored(deps, claim, image)
    } catch (error) {
      deps.onTrouble(claim.id, 'store', error)
    }
    signal.throwIfAborted()
    const backoffMs = Math.min(MAX_STORE_BACKOFF_MS, deps.retryBackoffMs * 2 ** Math.min(round, 10))
    await delay(Math.random() * backoffMs, undefined, { signal }).catch(() =>
      signal.throwIfAborted(),
    )
  }
}

const inspectPaid = async (
  { inspect, spool, onTrouble }: StoreDeps,
  claim: Claim,
  bytes: Uint8Array,
) => {
  try {
    return await inspect(bytes)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    await spool
      .delete(claim.objectKey)
      .catch((failure: unknown) => onTrouble(claim.id, 'spool', failure))
    throw new ProviderError(
      'no_image',
      `The model's answer is not a usable image: ${error.message}`,
      {
        retryable: true,
        cause: error,
      },
    )
  }
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
  if (digest === ours.digest) return ours
  const { mimeType, width, height, thumbhash } = await inspect(stored.bytes)
  return { bytes: stored.bytes, mimeType, width, height, thumbhash, digest }
}
