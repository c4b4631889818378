import { createHash } from 'node:crypto'
import type { ImageRef, RequestDetails } from '../../../db/request-details.ts'
import type { GenerationRow } from '../../../db/schema.ts'
import { canonicalJson, type Identity } from '../../contract/identity.ts'

/** The columns of a generation that say which picture it is of. */
export type AskedRow = Pick<
  GenerationRow,
  | 'ownerId'
  | 'transformation'
  | 'conditionImageDigest'
  | 'provider'
  | 'model'
  | 'aspectRatio'
  | 'imageSize'
  | 'variant'
  | 'details'
>

/** Everything that makes the same request of a generation's, but for its prompt and its revision. */
export const identityOfRow = (row: AskedRow): Omit<Identity, 'prompt'> => ({
  owner: row.ownerId,
  transformation: row.transformation,
  conditionImageDigest: row.conditionImageDigest ?? undefined,
  provider: row.provider,
  model: row.model,
  aspectRatio: row.aspectRatio ?? undefined,
  imageSize: row.imageSize,
  variant: row.variant ?? undefined,
  ...identityOfDetails(row.details),
})

/** What details add to the identity of a request. */
export const identityOfDetails = (details: RequestDetails | null): Partial<Identity> => {
  if (!details) return {}
  const { conditionImages, turns, providerRequest, ...plain } = details
  return {
    ...plain,
    conditionImageDigests: conditionImages?.map(digestOf),
    turns: turns?.map(({ role, text, images }) => ({
      role,
      text,
      imageDigests: images?.map(digestOf),
    })),
    providerRequest: providerRequest && digestProviderRequest(providerRequest),
  }
}

/** Every image that details name. */
export const listDetailImages = (details: RequestDetails | null): ImageRef[] => [
  ...(details?.conditionImages ?? []),
  ...(details?.turns ?? []).flatMap(({ images = [] }) => images),
  ...(details?.providerRequest?.images ?? []),
]

const digestOf = ({ digest }: ImageRef): string => digest

/** Of the body whatever the order of its keys, and of its images by content. */
const digestProviderRequest = ({
  body,
  images,
}: NonNullable<RequestDetails['providerRequest']>): string =>
  createHash('sha256')
    .update(canonicalJson({ body: JSON.parse(body), images: images.map(digestOf) }))
    .digest('hex')
