import type { Database } from '../../../db/database.ts'
import type { HttpContext } from '../../adapters/http/http-context.ts'
import type { MountedRoutes } from '../../adapters/http/mounted-routes.ts'
import { readAnswer } from '../../generation/state/image-rows.ts'
import { findSurplus } from '../../generation/state/surplus.ts'
import { type AskDeps, createAsk } from './ask.ts'
import { createFalRoutes, type FalDeps } from './fal/routes.ts'
import type { Gateway } from './gateway.ts'
import type { PassThroughDeps } from './gemini/pass-through.ts'
import { createGeminiRoutes, type GeminiDeps } from './gemini/routes.ts'
import { createHoldPlace } from './hold-place.ts'
import { createOpenaiRoutes, type OpenaiDeps } from './openai/routes.ts'
import { createReadPictures, type ReadPicturesDeps } from './read-pictures.ts'

export type GatewayDeps = Omit<AskDeps, 'holdPlace'> &
  ReadPicturesDeps &
  Omit<PassThroughDeps, 'holdPlace'> &
  Omit<OpenaiDeps, 'urlsFor' | 'takeImage'> & {
    db: Database
    /** How many calls an owner may have open at once. */
    ownerCalls: number
    gemini: GeminiDeps
    fal: FalDeps
  }

/** The APIs of other providers, each translated into ours (ADR 69): who calls them has every image once. */
export const createGateway = (http: HttpContext, deps: GatewayDeps): MountedRoutes[] => {
  const { db, store, ownerCalls } = deps
  const holdPlace = createHoldPlace(http, ownerCalls)
  const gateway: Gateway = {
    holdPlace,
    ...createAsk(http, { ...deps, holdPlace }),
    readPictures: createReadPictures(deps),
    readKeptAnswer: ({ id, imageId }) => readAnswer(db, imageId ?? id),
    readSurplus: async ({ id, imageId }, digest) => {
      const surplus = await findSurplus(db, imageId ?? id, digest)
      return surplus && store.find(surplus.objectKey)
    },
  }
  return [
    createGeminiRoutes(http, gateway, deps.gemini, { ...deps, holdPlace }),
    createOpenaiRoutes(gateway, {
      ...deps,
      urlsFor: http.urlsFor,
      takeImage: deps.fal.takeImage,
    }),
    ...createFalRoutes(gateway, http, deps.fal),
  ]
}
