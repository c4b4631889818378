import express, { type Express } from 'express'
import helmet from 'helmet'
import type { ByteBudget } from '../../lib/byte-budget.ts'
import type { Logger } from '../../lib/logger.ts'
import { type Identify, principalOf, requireAuth } from './auth.ts'
import { boundBodies } from './bound-bodies.ts'
import { allowOrigins } from './cors.ts'
import type { MountedRoutes } from './mounted-routes.ts'
import { refuseNul } from './parse-request.ts'
import { createErrorHandler, notFoundHandler } from './problem.ts'
import { addressOf } from './rates/client-address.ts'
import type { Rates } from './rates/rates.ts'
import { createRequestLog, type EndRequest, type StartTrace } from './request-log.ts'
import { serveWebPages, type WebPages } from './web-pages.ts'

type AppOptions = {
  logger: Logger
  /** Begins the count of a request; what it gives back is called at the end. */
  startRequest: () => EndRequest
  /** Begins a request's span, where there are traces. */
  startTrace: StartTrace | undefined
  /** Whose pages may call; `*` for everyone's. */
  corsOrigins: readonly string[]
  /** Whose word is taken for where a request comes from. */
  trustedProxies: number | readonly string[]
  rates: Pick<Rates, 'boundAddress' | 'countFailures'>
  /** What the bodies of requests may have of memory. */
  bodies: ByteBudget
  identify: Identify
  routes: readonly MountedRoutes[]
  web: WebPages
}

/** The HTTP face: its routes, between what every request passes and what answers the rest. */
export const createApp = (options: AppOptions): Express => {
  const { logger, startRequest, startTrace, corsOrigins, rates, bodies, identify, routes, web } =
    options
  const app = express()
  const mount = (access: MountedRoutes['access']) => {
    for (const each of routes) if (each.access === access) app.use(each.path, each.handler)
  }
  app.set('etag', false)
  app.set('query parser', 'simple')
  app.set('trust proxy', options.trustedProxies)
  app.use(createRequestLog(logger, startRequest, startTrace))
  app.use(helmet({ contentSecurityPolicy: { directives: { defaultSrc: ["'none'"] } } }))
  if (corsOrigins.length > 0) app.use('/api', allowOrigins(corsOrigins))
  app.use(rates.boundAddress)
  app.use(refuseNul)
  app.use('/api/hooks', boundBodies(bodies, addressOf))
  mount('own')
  app.use('/api', requireAuth(identify))
  app.use(
    '/api',
    boundBodies(bodies, (_req, res) => principalOf(res).ownerId),
  )
  mount('token')
  app.use(serveWebPages(web))
  app.use(notFoundHandler)
  for (const { path, onError } of routes) if (onError) app.use(path, onError)
  app.use(rates.countFailures)
  app.use(createErrorHandler(logger))
  return app
}
