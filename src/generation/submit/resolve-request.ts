import { createHash, randomUUID } from 'node:crypto'
import type { NewImage } from '../../../db/schema.ts'
import type { GenerationRequest } from '../../contract/generation-request.ts'
import {
  createImageIdempotencyKey,
  createOlderId,
  hasOlderId,
  type Identity,
} from '../../contract/identity.ts'
import { DEFAULT_IMAGE_SIZE, type ProviderName } from '../../contract/vocabulary.ts'
import { AppError } from '../../lib/errors.ts'
import type { Seal } from '../../lib/seal.ts'
import { findListPriceNanoUsd } from '../list-price.ts'
import type { Providers } from '../ports.ts'
import type { GenerationToInsert } from '../state/insert-or-requeue.ts'
import { identityOfDetails } from '../state/request-details.ts'
import { OWN_REVISION } from '../state/revision.ts'
import { type Payer, sealUpstreamKey, UPSTREAM_KEY_HEADER } from '../state/upstream-keys.ts'
import { describeDetails } from './describe-details.ts'
import { type ResolveConditionImage, resolveImages } from './resolve-images.ts'
import { resolveModel } from './resolve-model.ts'

type ResolveDeps = {
  providers: Pick<Providers, 'defaultModel' | 'models' | 'find'>
  seal: Seal
  resolveConditionImage: ResolveConditionImage
}

export type ResolvedRequest = {
  generation: GenerationToInsert
  /** Of a plain request: the fingerprint that a release up to 0.1 gave it, where that was another one for the same words. */
  olderFingerprint?: string | undefined
  /** The fingerprint that such a release gave it, or would have with that default. */
  describeOlder: (made: Made) => Promise<string>
  /** What is asked for instead where `generation` has ended with a similar image, and that is declined. */
  own?: GenerationToInsert | undefined
  /** The rows of its images, where Postgres did not answer and could not take them. */
  uploads: readonly NewImage[]
}

type Made = Pick<GenerationToInsert, 'provider' | 'model'>

/** The generation that a request asks for, with its images stored. Throws `AppError` for a wrong request. */
export const resolveRequest = async (
  deps: ResolveDeps,
  ownerId: string,
  request: GenerationRequest,
  idempotencyKey: string | undefined,
  { keyId, upstreamKey }: Payer = { keyId: null },
): Promise<ResolvedRequest> => {
  const { provider, model, imageSize } = resolveModel(deps.providers, request)
  if (upstreamKey !== undefined) assertTakesKeys(deps.providers, provider)
  const images = await resolveImages(deps, ownerId, request)
  const [condition] = images.conditionImages
  const details = describeDetails(request, images)
  const identity: Identity = {
    owner: ownerId,
    prompt: request.prompt,
    transformation: request.transformation,
    conditionImageDigest: condition?.digest,
    provider,
    model,
    aspectRatio: request.aspectRatio,
    imageSize,
    variant: request.variant,
    ...identityOfDetails(details),
  }
  const fingerprint = await createFingerprint(identity)
  const revision = request.skipExistingCheck ? createRevision(ownerId, idempotencyKey) : null
  const id = revision ? await createFingerprint({ ...identity, revision }) : fingerprint
  const generation: GenerationToInsert = {
    id,
    ownerId,
    keyId,
    fingerprint,
    revision,
    forcedBy: revision ? (request.forcedBy ?? null) : null,
    joinsOthers: revision === null,
    lane: request.lane,
    prompt: request.prompt,
    isPromptAsWritten: true,
    transformation: request.transformation,
    conditionImageId: condition?.id ?? null,
    conditionImageDigest: condition?.digest ?? null,
    provider,
    model,
    aspectRatio: request.aspectRatio ?? null,
    imageSize: imageSize ?? DEFAULT_IMAGE_SIZE,
    variant: request.variant ?? null,
    details,
    similarityMode: request.declineSimilar ? 'off' : (request.similarity ?? null),
    mayCostNanoUsd:
      upstreamKey === undefined ? findListPriceNanoUsd(deps.providers.models, model, imageSize) : 0,
    objectKey: chooseObjectKey(id),
  }
  const sealFor = (made: GenerationToInsert): GenerationToInsert =>
    upstreamKey === undefined ? made : { ...made, ...sealUpstreamKey(deps.seal, upstreamKey, made) }
  const own =
    request.declineSimilar && !revision
      ? await describeOwn({ ...generation, forcedBy: request.forcedBy ?? null }, identity)
      : undefined
  const describeOlder = ({ provider: its, model: made }: Made) =>
    createOlderId({ ...identity, provider: its, model: request.model ?? made }, sha256Hex)
  const isOlder = generation.joinsOthers && hasOlderId(request.prompt)
  const olderFingerprint = isOlder ? await describeOlder(generation) : undefined
  return {
    uploads: images.uploads,
    generation: sealFor(generation),
    olderFingerprint,
    describeOlder,
    own: own && sealFor(own),
  }
}

const assertTakesKeys = ({ find }: ResolveDeps['providers'], name: ProviderName): void => {
  if (find(name)?.takesKeys) return
  throw new AppError('invalid_request', `The provider ${name} takes no keys of callers.`, {
    pointer: UPSTREAM_KEY_HEADER,
  })
}

/** The same request always leads to the same generation: however often it is declined, one image is paid for. */
const describeOwn = async (
  generation: GenerationToInsert,
  identity: Identity,
): Promise<GenerationToInsert> => {
  const id = await createFingerprint({ ...identity, revision: OWN_REVISION })
  const objectKey = chooseObjectKey(id)
  return { ...generation, id, objectKey, revision: OWN_REVISION, joinsOthers: false }
}

const chooseObjectKey = (id: string): string => `generated/${id}/${randomUUID()}`

/**
 * Fresh for every forced request; of one that is repeated under its key it is the same on the same day, so that even
 * without Postgres, which remembers keys, both are one generation.
 */
const createRevision = (ownerId: string, idempotencyKey: string | undefined): string => {
  if (idempotencyKey === undefined) return randomUUID()
  const day = new Date().toISOString().slice(0, 10)
  return sha256Hex(JSON.stringify([ownerId, idempotencyKey, day])).slice(0, REVISION_HEX_DIGITS)
}

const REVISION_HEX_DIGITS = 32

/** `createImageIdempotencyKey` without WebCrypto's detour through a thread, which costs more than the digest (docs/performance.md). */
const createFingerprint = (identity: Identity): Promise<string> =>
  createImageIdempotencyKey(identity, sha256Hex)

const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex')
