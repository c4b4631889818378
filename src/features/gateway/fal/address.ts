import type { Request, RequestHandler } from 'express'
import { AppError } from '../../../lib/errors.ts'
import { findOwnAddress, QUEUE_PATH } from './target.ts'

const TARGET_HEADER = 'x-fal-target-url'
/** Of a synchronous call, before the endpoint's name. */
const RUN = 'run'
const REQUESTS = 'requests'
/** What an endpoint's name ends in that answers piece by piece, which a picture can't. */
const PIECEWISE = ['stream', 'realtime']

/**
 * Leads requests to the routes. One to `/proxy` is for the address of fal's that its header names, which is ours here: nothing is
 * fetched. Endpoints have names of two parts or more; what is behind two parts is kept for `endpointOf`.
 */
export const findAddress: RequestHandler = (req, res, next) => {
  if (/^\/proxy\/?(\?|$)/i.test(req.url)) req.url = parseTarget(req)
  const [path = '', query] = req.url.split('?')
  const parts = path.split('/').filter((part) => part !== '')
  const nameAt = parts[0] === RUN && parts[2] !== REQUESTS ? 1 : 0
  const name = parts.slice(nameAt)
  const requestsAt = name.indexOf(REQUESTS, 2)
  if (req.method === 'POST' && (requestsAt > 0 || PIECEWISE.includes(name.at(-1) ?? ''))) {
    throw new AppError('not_found', `There is nothing at POST ${req.baseUrl}${path}.`)
  }
  const end = requestsAt > 0 ? requestsAt : name.length
  res.locals.endpoint = name.slice(0, end)
  const left = [...parts.slice(0, nameAt), ...name.slice(0, 2), ...name.slice(end)]
  req.url = `/${left.join('/')}${query === undefined ? '' : `?${query}`}`
  next()
}

const parseTarget = (req: Request): string => {
  const own = findOwnAddress(req.get(TARGET_HEADER) ?? '')
  if (own) return own.slice(QUEUE_PATH.length)
  throw new AppError(
    'invalid_request',
    'must be an address at https://queue.fal.run or https://fal.run',
    {
      pointer: TARGET_HEADER,
    },
  )
}
