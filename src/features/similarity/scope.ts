import type { GenerationRow } from '../../../db/schema.ts'
import { createImageIdempotencyKey } from '../../contract/identity.ts'

type ScopedRow = Pick<
  GenerationRow,
  | 'ownerId'
  | 'transformation'
  | 'conditionImageDigest'
  | 'provider'
  | 'model'
  | 'aspectRatio'
  | 'imageSize'
  | 'variant'
>

/**
 * What two generations must have in common for their prompts to be compared: owner, transformation, condition image, variant,
 * provider, model, ratio and size. It is the fingerprint of the same request without its prompt.
 */
export const createScope = (row: ScopedRow): Promise<string> =>
  createImageIdempotencyKey({
    owner: row.ownerId,
    prompt: '',
    transformation: row.transformation,
    conditionImageDigest: row.conditionImageDigest ?? undefined,
    provider: row.provider,
    model: row.model,
    aspectRatio: row.aspectRatio ?? undefined,
    imageSize: row.imageSize,
    variant: row.variant ?? undefined,
  })
