import express, { type Express } from 'express'
import helmet from 'helmet'
import type { Logger } from '../../lib/logger.ts'
import { type Identify, requireAuth } from './auth.ts'
import { allowOrigins } from './cors.ts'
import type { MountedRoutes } from './mounted-routes.ts'
import { refuseNul } from './parse-request.ts'
import { createErrorHandler, notFoundHandler } from './problem.ts'
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
  identify: Identify
  routes: readonly MountedRoutes[]
  web: WebPages
}

/** The HTTP face: its routes, between what every request passes and what answers the rest. */
export const createApp = (options: AppOptions): Express => {
  const { logger, startRequest, startTrace, corsOrigins, identify, routes, web } = options
  const app = express()
  const mount = (access: MountedRoutes['access']) => {
    for (const each of routes) if (each.access === access) app.use(each.path, each.handler)
  }
  app.set('etag', false)
  app.set('query parser', 'simple')
  // Tells by which protocol a proxy was asked; who calls without one can only mislead itself.
  app.set('trust proxy', true)
  app.use(createRequestLog(logger, startRequest, startTrace))
  app.use(helmet({ contentSecurityPolicy: { directives: { defaultSrc: ["'none'"] } } }))
  app.use(refuseNul)
  if (corsOrigins.length > 0) app.use('/api', allowOrigins(corsOrigins))
  mount('own')
  app.use('/api', requireAuth(identify))
  mount('token')
  app.use(serveWebPages(web))
  app.use(notFoundHandler)
  app.use(createErrorHandler(logger))
  return app
}
