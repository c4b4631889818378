import { z } from 'zod'
import { createGeminiPrices } from '../adapters/providers/gemini-prices.ts'
import { createOpenaiPrices } from '../adapters/providers/openai-prices.ts'
import { builtInPrices, findEntry, type PriceTable } from '../adapters/providers/price-table.ts'
import type { Route } from '../generation/routes.ts'
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

const ROUTE = /^\s*([\w.-]{1,100})\s*=\s*(\S.*?)\s*$/

/** `name=model,model; name=…`: each name with the models that it tries, in order. */
export const routesSchema = textSchema.transform((text, context): Route[] => {
  const routes = text.split(';').filter((part) => part.trim() !== '')
  const parsed = routes.flatMap((part): Route[] => {
    const [, name, list] = ROUTE.exec(part) ?? []
    const models = modelNamesSchema.safeParse(list)
    return name && models.success ? [{ name, models: models.data }] : []
  })
  const isWrong = parsed.length < routes.length || parsed.length === 0
  const names = new Set(parsed.map(({ name }) => name))
  if (!isWrong && names.size === parsed.length) return parsed
  const message = isWrong
    ? 'must be name=model,model with ";" between several, as in auto=gemini-nano-banana-2.1,gpt-image-2'
    : 'must name each route once'
  context.addIssue({ code: 'custom', message })
  return z.NEVER
})

type Settings = {
  GEMINI_API_KEY?: string | undefined
  GEMINI_MODEL: string
  GEMINI_BASE_URL: string
  OPENAI_API_KEY?: string | undefined
  OPENAI_BASE_URL: string
  OPENAI_MODELS?: string[] | undefined
  PRICE_FILE?: PriceTable | undefined
  ROUTES?: Route[] | undefined
  DEFAULT_MODEL?: string | undefined
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

/** The model or route for requests that name none; undefined where nothing but the local renderer is there. */
export const toDefaultModel = (env: Settings): string | undefined =>
  env.DEFAULT_MODEL ?? toGemini(env)?.model ?? toOpenai(env)?.models[0]

/** What may be asked for but for routes. */
const listModels = (env: Settings): string[] => {
  const prices = env.PRICE_FILE ?? builtInPrices
  const gemini = toGemini(env)
  const geminis = gemini ? createGeminiPrices(prices).listModels(gemini.model) : []
  return [...geminis.map(({ name }) => name), ...(toOpenai(env)?.models ?? [])]
}

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
  if (taken && env.OPENAI_API_KEY) {
    return [['OPENAI_MODELS', `names ${taken}, which is Gemini’s: a name is of one provider`]]
  }
  return findRouteProblems(env)
}

const findRouteProblems = (env: Settings): [name: keyof Settings, message: string][] => {
  const offered = listModels(env)
  const routes = env.ROUTES ?? []
  const twice = routes.find(({ name }) => offered.includes(name))
  const unknown = routes.flatMap(({ models }) => models).find((name) => !offered.includes(name))
  const there = offered.length > 0 ? offered.join(', ') : 'nothing but the local renderer'
  if (twice) return [['ROUTES', `names a route ${twice.name}, which is a model`]]
  if (unknown) return [['ROUTES', `names ${unknown}, and there is ${there}`]]
  const named = env.DEFAULT_MODEL
  if (named === undefined || [...offered, ...routes.map(({ name }) => name)].includes(named)) {
    return []
  }
  return [['DEFAULT_MODEL', `names ${named}, and there is ${there}, and what ROUTES names`]]
}

const isListed = (models: PriceTable['models'], name: string): boolean =>
  !name.includes('/') && findEntry(models, name) !== undefined
