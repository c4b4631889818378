import { conditionImagesOf, type GenerationRequest } from '../../contract/generation-request.ts'
import type { ModelInfo } from '../../contract/server-info.ts'
import { DEFAULT_IMAGE_SIZE, type ImageSize, type ProviderName } from '../../contract/vocabulary.ts'
import { AppError } from '../../lib/errors.ts'
import type { Providers } from '../ports.ts'

/** What a model must be able to do. */
export type Asked = Pick<
  GenerationRequest,
  | 'model'
  | 'imageSize'
  | 'aspectRatio'
  | 'conditionImage'
  | 'conditionImages'
  | 'seed'
  | 'thinkingLevel'
  | 'safetySettings'
  | 'turns'
  | 'providerRequest'
>

/** The model, whose it is, and the size to use; throws `invalid_request` for what this server does not offer, or the model can't do. */
export const resolveModel = (
  { defaultModel, models }: Pick<Providers, 'defaultModel' | 'models'>,
  request: Asked,
): { provider: ProviderName; model: string; imageSize: ImageSize } => {
  const name = request.model ?? defaultModel
  const model = models.find((candidate) => candidate.name === name)
  if (!model) {
    const names = models.map((candidate) => candidate.name).join(', ')
    throw invalid('/model', `must be one of: ${names}`)
  }
  const imageSize = request.imageSize ?? DEFAULT_IMAGE_SIZE
  if (!sizesOf(model).includes(imageSize)) {
    throw invalid('/imageSize', `${name} makes: ${sizesOf(model).join(', ')}`)
  }
  if (request.aspectRatio && !model.aspectRatios.includes(request.aspectRatio)) {
    throw invalid('/aspectRatio', `${name} makes: ${model.aspectRatios.join(', ')}`)
  }
  assertAble(model, request)
  return { provider: model.provider, model: name, imageSize }
}

const assertAble = (model: ModelInfo, request: Asked): void => {
  const { name, maxConditionImages, thinkingLevels } = model
  const { seed, thinkingLevel, safetySettings, turns, providerRequest } = request
  if (providerRequest && (model.provider === 'openai' || model.provider === 'route')) {
    throw invalid('/model', `${name} is not a model of Google’s: it takes words and pictures alone`)
  }
  if (turns && !model.takesTurns) throw invalid('/turns', `${name} takes no earlier turns`)
  const inTurns = (turns ?? []).reduce((sum, { images = [] }) => sum + images.length, 0)
  if (conditionImagesOf(request).length + inTurns > maxConditionImages) {
    const pointer = inTurns > 0 ? '/turns' : '/conditionImages'
    throw invalid(pointer, `${name} takes at most ${maxConditionImages} images in all`)
  }
  if (seed !== undefined && !model.takesSeed) throw invalid('/seed', `${name} takes no seed`)
  if (thinkingLevel && !thinkingLevels.includes(thinkingLevel)) {
    const levels = thinkingLevels.length > 0 ? thinkingLevels.join(', ') : 'no level'
    throw invalid('/thinkingLevel', `${name} takes: ${levels}`)
  }
  if (safetySettings && !model.takesSafetySettings) {
    throw invalid('/safetySettings', `${name} takes none`)
  }
}

const sizesOf = (model: ModelInfo): string[] => Object.keys(model.priceUsd)

const invalid = (pointer: string, message: string) =>
  new AppError('invalid_request', message, { pointer })
