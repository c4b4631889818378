import type { ModelInfo } from '../../../contract/server-info.ts'

/** A model as OpenAI lists one. */
export type ListedModel = { id: string; object: 'model'; created: number; owned_by: string }

/**
 * The model that a name is here; undefined for every other name, `gpt-image-…` and `dall-e-…` among them: the server's default is
 * meant then, so that an app works with the name that it has.
 */
export const findModel = (
  models: readonly ModelInfo[],
  name: string | undefined,
): ModelInfo | undefined => {
  const plain = name?.trim().replace(/^models\//, '')
  return models.find((model) => model.name === plain)
}

export const listModels = (models: readonly ModelInfo[]) => ({
  object: 'list' as const,
  data: models.map(({ name }) => present(name)),
})

/** One of the server's models, or a name of OpenAI's own, by which the default may be asked for. */
export const describeModel = (
  models: readonly ModelInfo[],
  name: string,
): ListedModel | undefined =>
  findModel(models, name) || isOpenaiImageModel(name) ? present(name) : undefined

const isOpenaiImageModel = (name: string): boolean =>
  /^(dall-e|gpt-image|chatgpt-image)-/.test(name)

/** True for models that answered by a URL unless told otherwise. */
export const answersByUrl = (name: string | undefined): boolean => /^dall-e-/.test(name ?? '')

/** When a model was made is not known here. */
const present = (id: string): ListedModel => ({
  id,
  object: 'model',
  created: 0,
  owned_by: 'imageonce',
})
