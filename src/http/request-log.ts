import { randomUUID } from 'node:crypto'
import type { RequestHandler } from 'express'
import type { Logger } from 'pino'

/**
 * Gives every request an id (the caller's `X-Request-Id` when it is a plain word) and logs its end: the route,
 * never the address, since an image's address is a permission; no body and no header either.
 */
export const createRequestLog =
  (logger: Logger): RequestHandler =>
  (req, res, next) => {
    const startedAt = performance.now()
    const given = req.get('X-Request-Id')
    const requestId = given && /^[\w.-]{1,100}$/.test(given) ? given : randomUUID()
    res.locals.requestId = requestId
    res.set('X-Request-Id', requestId)
    res.once('close', () => {
      const { route, baseUrl, method } = req
      logger[res.statusCode >= 500 ? 'warn' : 'info'](
        {
          requestId,
          generationId: res.locals.generationId,
          method,
          route: route ? `${baseUrl}${route.path}` : undefined,
          status: res.statusCode,
          isComplete: res.writableFinished,
          durationMs: Math.round((performance.now() - startedAt) * 10) / 10,
        },
        'request',
      )
    })
    next()
  }
