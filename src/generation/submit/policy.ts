import type { GenerationRequest } from '../../contract/generation-request.ts'
import { DEFAULT_IMAGE_SIZE, type ImageSize, type Lane } from '../../contract/vocabulary.ts'
import { AppError } from '../../lib/errors.ts'

/** What somebody may ask for; undefined is everything that the server makes. */
export type Policy = {
  models: readonly string[] | undefined
  sizes: readonly ImageSize[] | undefined
  lanes: readonly Lane[] | undefined
}

/** `lane: null`: it is not the caller's choice. */
type Asked = {
  [Field in 'model' | 'imageSize' | 'lane']?: GenerationRequest[Field] | null | undefined
}

/** Throws `refused_by_policy` for a model, a size or a lane that is not the caller's to ask for. */
export const assertAllowed = (
  { models, sizes, lanes }: Policy,
  { defaultModel }: { defaultModel: string },
  { model, imageSize, lane }: Asked,
): void => {
  assertAmong('/model', models, model ?? defaultModel)
  assertAmong('/imageSize', sizes, imageSize ?? DEFAULT_IMAGE_SIZE)
  if (lane !== null) assertAmong('/lane', lanes, lane ?? 'interactive')
}

const assertAmong = (
  pointer: string,
  allowed: readonly string[] | undefined,
  asked: string,
): void => {
  if (!allowed || allowed.includes(asked)) return
  const message = `${asked} is not yours to ask for; you may ask for: ${allowed.join(', ')}`
  throw new AppError('refused_by_policy', message, { pointer })
}
