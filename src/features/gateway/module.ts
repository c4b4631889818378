import type { HttpContext } from '../../adapters/http/http-context.ts'
import type { MountedRoutes } from '../../adapters/http/mounted-routes.ts'
import { type AskDeps, createAsk } from './ask.ts'
import { createFalRoutes, type FalDeps } from './fal/routes.ts'
import type { Gateway } from './gateway.ts'
import { createGeminiRoutes } from './gemini/routes.ts'
import { createOpenaiRoutes, type OpenaiDeps } from './openai/routes.ts'
import { createReadPictures, type ReadPicturesDeps } from './read-pictures.ts'

export type GatewayDeps = AskDeps &
  ReadPicturesDeps &
  Omit<OpenaiDeps, 'urlsFor'> & { fal: FalDeps }

/** The APIs of other providers, each translated into ours (ADR 69): who calls them has every image once. */
export const createGateway = (http: HttpContext, deps: GatewayDeps): MountedRoutes[] => {
  const gateway: Gateway = { ...createAsk(http, deps), readPictures: createReadPictures(deps) }
  return [
    createGeminiRoutes(gateway),
    createOpenaiRoutes(gateway, { ...deps, urlsFor: http.urlsFor }),
    ...createFalRoutes(gateway, http, deps.fal),
  ]
}
