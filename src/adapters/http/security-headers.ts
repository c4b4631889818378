import type { RequestHandler } from 'express'
import helmet from 'helmet'

/**
 * Helmet's headers, which are the same for every answer: worked out once. Nothing of ours may be run or shown by a page that one of our
 * answers is taken for.
 */
export const createSecurityHeaders = (): RequestHandler => {
  const headers = listHeaders(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      },
    }),
  )
  return (_req, res, next) => {
    for (const [name, value] of headers) res.setHeader(name, value)
    next()
  }
}

type Collecting = (req: object, res: object, next: (error?: unknown) => void) => void

const listHeaders = (middleware: unknown): [name: string, value: string][] => {
  const headers = new Map<string, string>()
  const res = {
    setHeader: (name: string, value: string) => headers.set(name, value),
    removeHeader: (name: string) => headers.delete(name),
  }
  ;(middleware as Collecting)({}, res, (error) => {
    if (error) throw error
  })
  return [...headers]
}
