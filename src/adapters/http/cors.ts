import type { RequestHandler } from 'express'

/** What scripts of other origins may read of our answers, besides their bodies. */
export const EXPOSED_HEADERS = [
  'Location',
  'Retry-After',
  'RateLimit',
  'RateLimit-Policy',
  'ETag',
  'Link',
  'Preference-Applied',
  'Imageonce-Placeholder',
  'Imageonce-Budget',
  'Imageonce-Reuse',
  'Imageonce-Saved-Usd',
  'Imageonce-Generation',
  'Imageonce-Made',
  'X-Should-Retry',
  'Retry-After-Ms',
  'X-Request-Id',
  'X-Fal-Request-Id',
  'X-Fal-Request-Timeout-Type',
].join(', ')

/** Chromium's own limit. */
export const PREFLIGHT_MAX_AGE_SECONDS = 7_200

/**
 * Lets pages of these origins call what is under `roots` (Fetch standard, "CORS protocol"), and answers their preflights, which carry no token.
 * The token is in a header, so that no cookies are wanted and `*` is safe. They may send whatever header they name: what
 * watches over a page adds some of its own (`traceparent`, `sentry-trace`, `baggage`), and one that is not allowed takes
 * the whole call down.
 */
export const allowOrigins = (
  origins: readonly string[],
  roots: readonly string[],
): RequestHandler => {
  const isForAll = origins.includes('*')
  const isOfApi = createIsUnder(roots)
  return (req, res, next) => {
    if (!isOfApi(req.path)) {
      next()
      return
    }
    if (!isForAll) res.vary('Origin')
    const origin = req.get('Origin')
    if (origin === undefined || !(isForAll || origins.includes(origin))) {
      next()
      return
    }
    res.set({
      'Access-Control-Allow-Origin': isForAll ? '*' : origin,
      'Access-Control-Expose-Headers': EXPOSED_HEADERS,
    })
    if (req.method !== 'OPTIONS' || !req.get('Access-Control-Request-Method')) {
      next()
      return
    }
    res.set({
      'Access-Control-Allow-Methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
      'Access-Control-Allow-Headers': req.get('Access-Control-Request-Headers') ?? '',
      'Access-Control-Max-Age': String(PREFLIGHT_MAX_AGE_SECONDS),
    })
    res.vary('Access-Control-Request-Headers').status(204).end()
  }
}

/** Of either case, as Express has it. */
const createIsUnder = (roots: readonly string[]) => {
  const pattern = new RegExp(`^(${roots.join('|')})(/|$)`, 'i')
  return (path: string): boolean => pattern.test(path)
}
