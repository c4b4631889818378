import type { MountedRoutes } from '../../src/adapters/http/mounted-routes.ts'

/**
 * What a router answers: a method and the pattern of a path (`/api/images/{id}`). A pattern that ends in `*` is of a handler
 * that decides for itself what is below.
 */
export type Mount = { method: string; path: string }

/** Of Express 5, as far as it is looked at. */
type Layer = {
  route?: { path: string | string[]; methods: Record<string, boolean> }
  handle: { length: number }
}

/** Of browsers, before they ask: it changes nothing and shows nothing. */
const PREFLIGHT = 'options'
const EVERY_METHOD = ['get', 'post', 'put', 'patch', 'delete']
/** Handlers of errors take one more argument than others. */
const ERROR_HANDLER_ARGUMENTS = 4

/** Everything that is mounted, read from the routers themselves; HEAD is a GET without its body. */
export const listMounts = (mounted: readonly MountedRoutes[]): Mount[] =>
  mounted.flatMap(({ path: base, handler }) => {
    const layers = (handler as unknown as { stack?: Layer[] }).stack
    if (!layers) return ofHandler(base)
    const routes = layers.flatMap(({ route }) => (route ? ofRoute(base, route) : []))
    const isOpaque = layers.some(
      ({ route, handle }) => !route && handle.length < ERROR_HANDLER_ARGUMENTS,
    )
    return isOpaque ? [...routes, ...ofHandler(base)] : routes
  })

const ofRoute = (base: string, { path, methods }: NonNullable<Layer['route']>): Mount[] =>
  [path].flat().flatMap((pattern) =>
    Object.keys(methods)
      .filter((method) => method !== PREFLIGHT)
      .flatMap((method) => (method === 'get' ? ['get', 'head'] : [method]))
      .map((method) => ({ method, path: toPath(`${base}${pattern}`) })),
  )

const ofHandler = (base: string): Mount[] =>
  EVERY_METHOD.map((method) => ({ method, path: toPath(`${base}/*`) }))

const toPath = (pattern: string): string =>
  pattern
    .replace(/\/+/g, '/')
    .replace(/(?<=.)\/$/, '')
    .replace(/:(\w+)/g, '{$1}')
