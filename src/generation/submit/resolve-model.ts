import type { NewImage } from '../../../db/schema.ts'
import type { GenerationRequest } from '../../contract/generation-request.ts'
import type { ModelInfo } from '../../contract/server-info.ts'
import { DEFAULT_IMAGE_SIZE, type ImageSize } from '../../contract/vocabulary.ts'
import { AppError } from '../../lib/errors.ts'
import type { Provider } from '../ports.ts'

export type ConditionImage = {
  id: string
  /** What identifies it: SHA-256 (hex) of its bytes as they were sent, or of the first picture that shows the same. */
  digest: string
  /** Its row, where Postgres did not answer and could not take it. */
  upload?: NewImage
}

/** Stores a condition image, or finds it by its image id. */
export type ResolveConditionImage = (
  ownerId: string,
  conditionImage: string,
) => Promise<ConditionImage>

/** The model and size to use; throws `invalid_request` for what this server does not offer. */
export const resolveModel = (
  provider: Pick<Provider, 'defaultModel' | 'models'>,
  request: Pick<GenerationRequest, 'model' | 'imageSize' | 'aspectRatio'>,
): { model: string; imageSize: ImageSize } => {
  const name = request.model ?? provider.defaultModel
  const model = provider.models.find((candidate) => candidate.name === name)
  if (!model) {
    const names = provider.models.map((candidate) => candidate.name).join(', ')
    throw invalid('/model', `must be one of: ${names}`)
  }
  const imageSize = request.imageSize ?? DEFAULT_IMAGE_SIZE
  if (!sizesOf(model).includes(imageSize)) {
    throw invalid('/imageSize', `${name} makes: ${sizesOf(model).join(', ')}`)
  }
  if (request.aspectRatio && !model.aspectRatios.includes(request.aspectRatio)) {
    throw invalid('/aspectRatio', `${name} makes: ${model.aspectRatios.join(', ')}`)
  }
  return { model: name, imageSize }
}

const sizesOf = (model: ModelInfo): string[] => Object.keys(model.priceUsd)

const invalid = (pointer: string, message: string) =>
  new AppError('invalid_request', message, { pointer })
