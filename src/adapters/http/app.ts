import express, { type RequestHandler } from 'express'
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
import { createSecurityHeaders } from './security-headers.ts'
import { createShortWay, type ShortWay } from './short-way.ts'
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
export const createApp = (options: AppOptions): ShortWay => {
  const { rates, bodies, routes, web } = options
  const app = express()
  const mount = (access: MountedRoutes['access']) => {
    for (const each of routes) if (each.access === access) app.use(each.path, each.handler)
  }
  const entrance = createEntrance(options)
  const api = { path: API, handlers: createIdentified(options, {}) }
  const dialects = routes
    .filter(({ access, path }) => access === 'token' && !isOfApi(path))
    .map((each) => ({ path: each.path, handlers: createIdentified(options, each) }))
  const presenters = routes.flatMap(({ path, presentProblem: present }) =>
    present ? [{ path, handler: createErrorHandler(options.logger, present) }] : [],
  )
  const lastHandler = createErrorHandler(options.logger)
  app.set('etag', false)
  app.set('query parser', 'simple')
  app.set('trust proxy', options.trustedProxies)
  app.disable('x-powered-by')
  app.use(entrance)
  app.use('/api/hooks', boundBodies(bodies, addressOf))
  mount('own')
  for (const { path, handlers } of [api, ...dialects]) app.use(path, handlers)
  mount('token')
  app.use(serveWebPages(web))
  app.use(notFoundHandler)
  for (const { path, onError } of routes) if (onError) app.use(path, onError)
  app.use(rates.countFailures)
  for (const { path, handler } of presenters) app.use(path, handler)
  app.use(lastHandler)
  const lanes = routes.flatMap(({ path, hot = [], onError }) => {
    const { handlers } = dialects.find((dialect) => dialect.path === path) ?? api
    const present = presenters.find((presenter) => presenter.path === path)?.handler
    return hot.map((route) => ({
      ...route,
      handlers: [...entrance, ...handlers, ...route.handlers],
      errorHandlers: [...(onError ? [onError] : []), rates.countFailures, present ?? lastHandler],
    }))
  })
  return createShortWay(app, lanes)
}

const API = '/api'

const isOfApi = (path: string): boolean => path === API || path.startsWith(`${API}/`)

/** What every request passes. */
const createEntrance = (options: AppOptions): RequestHandler[] => [
  createRequestLog(options.logger, options.startRequest, options.startTrace),
  createSecurityHeaders(),
  ...(options.corsOrigins.length > 0 ? [allowOrigins(options.corsOrigins, rootsOf(options))] : []),
  options.rates.boundAddress,
  refuseNul,
]

/** Where pages of other origins may call. */
const rootsOf = ({ routes }: AppOptions): string[] => [
  API,
  ...routes.flatMap(({ access, path }) => (access === 'token' && !isOfApi(path) ? [path] : [])),
]

/** What every request passes besides that has to say who it is from. */
const createIdentified = (
  { identify, bodies, routes }: AppOptions,
  { findSecret, maxBodyBytes }: Pick<MountedRoutes, 'findSecret' | 'maxBodyBytes'>,
): RequestHandler[] => [
  requireAuth(identify, findSecret),
  boundBodies(bodies, (_req, res) => principalOf(res).ownerId, maxBodyBytes),
  ...routes.flatMap(({ gate = [] }) => gate),
]
