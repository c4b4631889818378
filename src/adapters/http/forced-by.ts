import type { Request, Response } from 'express'
import type { GenerationRequest } from '../../contract/generation-request.ts'
import type { ForcedBy } from '../../contract/vocabulary.ts'
import { principalOf } from './auth.ts'

/** The request with who sent it, where it wants another image than the one there is. */
export const withForcedBy = <Asked extends GenerationRequest>(
  req: Request,
  res: Response,
  request: Asked,
): Asked =>
  request.skipExistingCheck || request.declineSimilar
    ? { ...request, forcedBy: describeForcing(req, res) }
    : request

const describeForcing = (req: Request, res: Response): ForcedBy => {
  const { key, isAdmin, ownerId } = principalOf(res)
  const via = isBySession(req, res) ? 'dashboard' : dialectOf(req)
  if (key) return { who: 'key', id: key.id, name: key.name, via }
  return isAdmin ? { who: 'operator', id: ownerId, via } : { who: 'owner', via }
}

/** Where nothing was sent that says who calls, but a cookie. */
const isBySession = ({ headers }: Request, res: Response): boolean =>
  !(headers.authorization ?? headers['x-api-key'] ?? headers['x-goog-api-key']) &&
  res.locals.hasSecret !== true

const dialectOf = ({ originalUrl }: Request): ForcedBy['via'] =>
  (/^\/(gemini|openai|fal)\//i.exec(originalUrl)?.[1]?.toLowerCase() as ForcedBy['via']) ?? 'api'
