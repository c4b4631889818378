import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Request, RequestHandler } from 'express'
import type { Logger } from 'pino'

type EndedRequest = {
  method: string
  /** The route's pattern. */
  route: string | undefined
  status: number
  durationMs: number
}

export type EndRequest = (request: EndedRequest, isStream: boolean) => void

export type StartTrace = (
  path: string,
  headers: IncomingHttpHeaders,
) => { run: (work: () => void) => void; end: (request: EndedRequest) => void } | undefined

/**
 * Gives every request an id (the caller's `X-Request-Id` when it is a plain word) and logs its end: the route,
 * never the address, since an image's address is a permission; no body and no header either. `startRequest` is called at
 * its beginning, and what that gives back of its end.
 */
export const createRequestLog =
  (logger: Logger, startRequest: () => EndRequest, startTrace?: StartTrace): RequestHandler =>
  (req, res, next) => {
    const startedAt = performance.now()
    const endRequest = startRequest()
    const span = startTrace?.(req.path, req.headers)
    const given = req.get('X-Request-Id')
    const requestId = given && /^[\w.-]{1,100}$/.test(given) ? given : randomUUID()
    res.locals.requestId = requestId
    res.set('X-Request-Id', requestId)
    res.once('close', () => {
      const request = {
        method: req.method,
        route: describeRoute(req),
        status: res.statusCode,
        durationMs: Math.round((performance.now() - startedAt) * 10) / 10,
      }
      endRequest(request, res.locals.isStream === true)
      span?.end(request)
      logger[res.statusCode >= 500 ? 'warn' : 'info'](
        {
          requestId,
          generationId: res.locals.generationId,
          ...request,
          isComplete: res.writableFinished,
        },
        'request',
      )
    })
    if (span) span.run(next)
    else next()
  }

/**
 * The pattern of the route that matched. Where its router is mounted (always a fixed path) is what the address has more at
 * its front, since Express forgets that when a route ends in an error; letters of either case match.
 */
const describeRoute = ({ route, originalUrl }: Request): string | undefined => {
  // A library's own router may have lists of patterns, and such that match any number of parts.
  if (typeof route?.path !== 'string' || /[*{]/.test(route.path)) return undefined
  const path = originalUrl.replace(/^\w+:\/\/[^/]*/, '').replace(/\?.*/, '')
  const pattern = splitPath(route.path)
  const mounted = splitPath(path.toLowerCase()).slice(0, -pattern.length || undefined)
  return `/${[...mounted, ...pattern].join('/')}`
}

const splitPath = (path: string) => path.split('/').filter((part) => part !== '')
