import type { Request } from 'express'
import { type KeyScope, keyScopeSchema } from '../../contract/vocabulary.ts'
import { AppError } from '../../lib/errors.ts'
import type { Principal } from './principal.ts'

/** Any one of these lets a key in. */
type Rule = [methods: string, path: RegExp, scopes: readonly KeyScope[]]

const ANY = keyScopeSchema.options

/**
 * What a key needs for each route, the first that fits; for what is not listed, `admin`, so that a new route is nobody's by oversight.
 * Paths are told apart as Express does, whatever their case.
 */
const RULES: readonly Rule[] = [
  ['GET', /^\/api\/(info|session)$/i, ANY],
  ['POST DELETE', /^\/api\/session$/i, ANY],
  ['GET', /^\/api\/(find|generations|images|similarity)(\/|$)/i, ['read']],
  ['GET', /^\/images\//i, ['read']],
  ['GET', /^\/api\/saved-items(\/|$)/i, ['read', 'items']],
  ['GET', /^\/api\/analytics\/(summary|timeseries)$/i, ['read']],
  ['GET', /^\/api\/spending$/i, ['read', 'generate']],
  ['POST', /^\/api\/visualize\//i, ['generate']],
  ['POST', /^\/gemini\//i, ['generate']],
  ['GET', /^\/gemini\//i, ['read', 'generate']],
  ['POST', /^\/openai\//i, ['generate']],
  ['GET', /^\/openai\//i, ['read', 'generate']],
  ['POST PUT', /^\/fal\/(proxy$|[^/]+\/[^/]+)/i, ['generate']],
  ['GET', /^\/fal\/(proxy$|[^/]+\/[^/]+)/i, ['read', 'generate']],
  ['POST', /^\/api\/generations\//i, ['generate']],
  ['PUT', /^\/api\/similarity$/i, ['generate']],
  ['POST', /^\/api\/telemetry$/i, ['read', 'generate']],
  ['POST', /^\/api\/images\/[^/]+\/(url|receipt\/link)$/i, ['read']],
  ['POST', /^\/api\/images$/i, ['upload']],
  ['DELETE', /^\/api\/images\//i, ['delete']],
  ['POST PATCH DELETE', /^\/api\/saved-items(\/|$)/i, ['items']],
  ['GET POST PATCH DELETE', /^\/api\/webhooks(\/|$)/i, ['webhooks']],
]

/** The scopes of which a key needs one; undefined for what only operators may. */
export const findScopes = (method: string, path: string): readonly KeyScope[] | undefined => {
  const asked = method === 'HEAD' ? 'GET' : method
  const plain = path.replace(/(?<=.)\/$/, '')
  return RULES.find(([methods, of]) => methods.split(' ').includes(asked) && of.test(plain))?.[2]
}

/** Throws `forbidden` where a key lacks the scope that the request needs. Whoever comes by another way has no such bounds. */
export const assertPermitted = ({ key, isAdmin }: Principal, req: Request): void => {
  if (!key || isAdmin) return
  const scopes = findScopes(req.method, new URL(req.originalUrl, 'http://here').pathname)
  if (scopes?.some((scope) => key.scopes.includes(scope))) return
  const needed = scopes?.map((scope) => `"${scope}"`).join(' or ') ?? '"admin"'
  throw new AppError('forbidden', `This key lacks the scope that this needs: ${needed}.`)
}
