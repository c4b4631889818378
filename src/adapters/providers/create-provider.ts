import type { Provider } from '../../generation/ports.ts'
import { createGeminiProvider, type GeminiProviderConfig } from './gemini.ts'
import { createOpenaiProvider, type OpenaiProviderConfig } from './openai.ts'

/** Plain data, so that it goes to a thread. */
export type ProviderConfig =
  | ({ name: 'gemini' } & GeminiProviderConfig)
  | ({ name: 'openai' } & OpenaiProviderConfig)

export const createProvider = (config: ProviderConfig): Provider =>
  config.name === 'gemini' ? createGeminiProvider(config) : createOpenaiProvider(config)
