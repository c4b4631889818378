import { createOpenaiPrices } from '../adapters/providers/openai-prices.ts'
import { builtInPrices, findEntry, type PriceTable } from '../adapters/providers/price-table.ts'
import { namesSchema } from './access-settings.ts'
import { textSchema } from './setting-values.ts'

const OPENAI = 'https://api.openai.com/v1'

/** What goes into a header as it is. */
export const apiKeySchema = textSchema.regex(
  /^[\x21-\x7e]+$/,
  'must be visible ASCII characters only',
)

export const modelNamesSchema = namesSchema
  .refine((names) => !names.includes('*'), 'must be names of models, as "*" names none')
  .refine((names) => new Set(names).size === names.length, 'must name each model once')

type Settings = {
  GEMINI_API_KEY?: string | undefined
  GEMINI_MODEL: string
  GEMINI_BASE_URL: string
  OPENAI_API_KEY?: string | undefined
  OPENAI_BASE_URL: string
  OPENAI_MODELS?: string[] | undefined
  PRICE_FILE?: PriceTable | undefined
}

/** Where Gemini is and what it makes; undefined without its key. */
export const toGemini = (env: Settings) =>
  env.GEMINI_API_KEY
    ? {
        apiKey: env.GEMINI_API_KEY,
        model: env.GEMINI_MODEL,
        baseUrl: env.GEMINI_BASE_URL,
      }
    : undefined

/** Where an OpenAI-shaped server is and what it makes; undefined without its key. */
export const toOpenai = (env: Settings) => {
  const [first, ...others] = listOpenaiModels(env)
  return env.OPENAI_API_KEY && first
    ? {
        apiKey: env.OPENAI_API_KEY,
        baseUrl: env.OPENAI_BASE_URL,
        models: [first, ...others] as const,
      }
    : undefined
}

/** Of OpenAI itself, what the price table has; what other servers have nobody knows. */
const listOpenaiModels = ({ OPENAI_BASE_URL, OPENAI_MODELS, PRICE_FILE }: Settings): string[] => {
  const isOpenaisOwn = OPENAI_BASE_URL.replace(/\/+$/, '') === OPENAI
  return (
    OPENAI_MODELS ??
    (isOpenaisOwn ? createOpenaiPrices(PRICE_FILE ?? builtInPrices).knownModels : [])
  )
}

/** The model for requests that name none; undefined where nothing but the local renderer is there. */
export const toDefaultModel = (env: Settings): string | undefined =>
  toGemini(env)?.model ?? toOpenai(env)?.models[0]

/** What is wrong with settings of several providers together, with the name of the setting. */
export const findProviderProblems = (env: Settings): [name: keyof Settings, message: string][] => {
  const names = listOpenaiModels(env)
  if (env.OPENAI_API_KEY && names.length === 0) {
    return [['OPENAI_MODELS', 'is missing: which models the server at OPENAI_BASE_URL has']]
  }
  const gemini = toGemini(env)
  const models = (env.PRICE_FILE ?? builtInPrices).models.filter(
    ({ provider }) => provider === 'gemini',
  )
  const taken = gemini && names.find((name) => name === gemini.model || isListed(models, name))
  if (!taken || !env.OPENAI_API_KEY) return []
  return [['OPENAI_MODELS', `names ${taken}, which is Gemini’s: a name is of one provider`]]
}

const isListed = (models: PriceTable['models'], name: string): boolean =>
  !name.includes('/') && findEntry(models, name) !== undefined
