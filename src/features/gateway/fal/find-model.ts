import type { ModelInfo } from '../../../contract/server-info.ts'

/** What models are called on fal, where that is not what their provider calls them. */
const ALIASES: Readonly<Record<string, string>> = {
  nanobananapro: '3proimage',
  gemini3proimage: '3proimage',
}

/**
 * The model that an endpoint's name means: one of its parts is the model's name, whatever the case, the marks between its words, a
 * `gemini-` before it or a `-preview` behind it (`fal-ai/nano-banana-2.1/edit`, `fal-ai/nano-banana-pro`). Undefined where it means
 * none that this server has: then it is the server's own.
 */
export const findModel = (
  parts: readonly string[],
  models: readonly Pick<ModelInfo, 'name'>[],
): string | undefined => {
  const named = parts.map(toPlain)
  return models.find(({ name }) => named.includes(toPlain(name)))?.name
}

const toPlain = (name: string): string => {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .replace(/preview$/, '')
  return ALIASES[plain] ?? plain.replace(/^gemini/, '')
}
