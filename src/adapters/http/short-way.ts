import { IncomingMessage, type RequestListener, ServerResponse } from 'node:http'
import type { ErrorRequestHandler, Express, Request, RequestHandler, Response } from 'express'

/** A route that most requests are for. Its handlers are what Express is given for it, too. */
export type HotRoute = {
  method: 'GET' | 'POST'
  /** Its address, in which one part may have a name, as in `/api/generations/:id`. */
  pattern: string
  handlers: readonly RequestHandler[]
}

/** A hot route with all that its requests pass, in order, and what answers where one of these throws. */
type Lane = HotRoute & { errorHandlers: readonly ErrorRequestHandler[] }

/** How a server is made that goes it. */
export type ShortWay = {
  listener: RequestListener
  IncomingMessage: typeof IncomingMessage
  ServerResponse: typeof ServerResponse
}

/**
 * Calls the handlers of hot routes one after the other, where Express would try each layer of each router for every request
 * (ADR 64). An address that is written in any other way than the usual one goes to Express, which leads it to the same handlers.
 */
export const createShortWay = (app: Express, lanes: readonly Lane[]): ShortWay => {
  const findLane = createFindLane(lanes)
  const listener: RequestListener = (req, res) => {
    const found = findLane(req.method ?? '', req.url ?? '')
    if (!found) return app(req, res)
    const { request, response } = dress(req, res)
    request.params = found.params
    request.route = { path: found.lane.pattern }
    callInTurn(found.lane, request, response)
  }
  return { listener, ...inheritFrom(app) }
}

/** Requests and answers that are born with Express's methods: to give them to each anew makes every later use of it slower. */
const inheritFrom = (app: Express) => {
  class OwnRequest extends IncomingMessage {}
  class OwnResponse<R extends IncomingMessage> extends ServerResponse<R> {}
  Object.setPrototypeOf(OwnRequest.prototype, app.request)
  Object.setPrototypeOf(OwnResponse.prototype, app.response)
  return { IncomingMessage: OwnRequest, ServerResponse: OwnResponse }
}

type Found = { lane: Lane; params: Record<string, string> }

/** What has a name in a pattern is plain words here, so that nothing needs decoding. */
const createFindLane = (lanes: readonly Lane[]) => {
  const named = lanes.map((lane) => {
    const [prefix = '', name] = lane.pattern.split(':')
    return { lane, prefix: `${lane.method} ${prefix}`, name }
  })
  return (method: string, url: string): Found | undefined => {
    const asked = `${method} ${url}`
    for (const { lane, prefix, name } of named) {
      if (name === undefined ? asked !== prefix : !asked.startsWith(prefix)) continue
      const rest = asked.slice(prefix.length)
      if (name === undefined) return { lane, params: {} }
      if (/^\w+$/.test(rest)) return { lane, params: { [name]: rest } }
    }
    return undefined
  }
}

/** Gives a request and its answer what Express's own way gives them besides its methods (express, `app.handle`). */
const dress = (req: IncomingMessage, res: ServerResponse) => {
  const request = req as Request
  const response = res as Response
  request.res = response
  response.locals = {}
  request.baseUrl = ''
  request.originalUrl = request.url
  return { request, response }
}

const callInTurn = ({ handlers, errorHandlers }: Lane, req: Request, res: Response): void => {
  let next = 0
  let nextOnError = 0
  const goOn = (error?: unknown): void => {
    const handler = error ? undefined : handlers[next++]
    if (error) fail(error)
    else if (handler) call(() => handler(req, res, goOn))
  }
  const fail = (error: unknown): void => {
    const handler = errorHandlers[nextOnError++]
    if (handler) call(() => handler(error, req, res, fail))
    // Nothing can be said any more: the answer had begun.
    else req.socket.destroy()
  }
  const call = (handle: () => unknown): void => {
    try {
      const result = handle()
      if (result instanceof Promise) result.catch(fail)
    } catch (error) {
      fail(error)
    }
  }
  req.next = goOn
  goOn()
}
