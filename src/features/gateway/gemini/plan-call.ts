import type { Request } from 'express'
import { parseJson } from '../../../adapters/http/parse-request.ts'
import { AppError } from '../../../lib/errors.ts'
import type { Wanted } from '../gateway.ts'
import { asksForPicture, wantsImage } from './asks-for-picture.ts'
import { canonicalize } from './canonical-body.ts'
import type { PaidCall } from './pass-through.ts'
import type { Form } from './send.ts'
import { toWanted } from './to-wanted.ts'
import type { UpstreamRequest } from './upstream.ts'

/** Which models there are: the names that this server offers; none are asked for by name where none of them is Google's. */
export type GeminiDeps = { models: readonly string[]; hasGemini: boolean }

/** What is to become of a call. */
export type Plan =
  | { kind: 'make'; wanted: Wanted; form: Form; isImageOnly: boolean }
  | { kind: 'pass'; call: PaidCall }
  | { kind: 'pass-free'; request: UpstreamRequest }

const METHODS = ['generateContent', 'streamGenerateContent', 'countTokens']

/** Reads `POST /{version}/models/{model}:{method}`. Throws `not_found`, `malformed_json` and `invalid_request`. */
export const planCall = (deps: GeminiDeps, req: Request): Plan => {
  const [, model = '', method = ''] = /^([\w.-]+):(\w+)$/.exec(String(req.params.call)) ?? []
  if (!METHODS.includes(method)) throw noMethod()
  const text: string = req.body ?? ''
  const request = toUpstream(req, `${versionOf(req)}/models/${model}:${method}`, text)
  if (method === 'countTokens') return { kind: 'pass-free', request }
  const body = canonicalize(parseJson(text))
  const hasImages = wantsImage(body.generationConfig, isImageModel(deps, model))
  if (!asksForPicture(body, isImageModel(deps, model))) {
    return { kind: 'pass', call: { model, method, request, body, hasImages } }
  }
  assertOffered(deps, model)
  const modalities = body.generationConfig.responseModalities
  return {
    kind: 'make',
    wanted: toWanted(body, deps.hasGemini ? model : undefined),
    form: formOf(req, method),
    isImageOnly: Array.isArray(modalities) && !modalities.includes('TEXT'),
  }
}

/** The request as it came, without the caller's key. */
export const toUpstream = (req: Request, path: string, body?: string): UpstreamRequest => {
  const query = new URLSearchParams(
    Object.entries(req.query).filter(
      (pair): pair is [string, string] => typeof pair[1] === 'string' && pair[0] !== 'key',
    ),
  )
  return { method: body === undefined ? 'GET' : 'POST', path, query: query.toString(), body }
}

/** As `/v1beta`. Throws `not_found` for a version that there is not. */
export const versionOf = (req: Request): string => {
  const version = String(req.params.version)
  if (version === 'v1' || version === 'v1beta') return `/${version}`
  throw new AppError('not_found', 'The versions of this API are v1beta and v1.')
}

const formOf = (req: Request, method: string): Form => {
  if (method === 'generateContent') return 'whole'
  return req.query.alt === 'sse' ? 'events' : 'list'
}

/** Names of Google's image models say so. */
const isImageModel = ({ models }: GeminiDeps, model: string): boolean =>
  models.includes(model) || /image|banana/i.test(model)

const assertOffered = ({ models, hasGemini }: GeminiDeps, model: string): void => {
  if (!hasGemini || models.includes(model)) return
  const names = models.join(', ')
  throw new AppError('not_found', `models/${model} is not found: pictures are made with ${names}.`)
}

const noMethod = () =>
  new AppError('not_found', `There is no such method: models have ${METHODS.join(', ')}.`)
