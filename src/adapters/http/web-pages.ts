import { join } from 'node:path'
import { type RequestHandler, Router } from 'express'
import staticFiles from 'express-static-gzip'

/** A page of ours and its parts, as vite builds them: `index.html`, and `assets/` under names that change with the content. */
export type WebSite = { path: string; directory: string }

export type WebPages = {
  sites: readonly WebSite[]
  /** Where images are shown from besides this server: the store that it redirects to. */
  imageOrigins: readonly string[]
}

const IMMUTABLE = 'public, max-age=31536000, immutable'

/** Paths that are never a page of ours, whatever a browser accepts. */
const NOT_PAGES = /^\/(api|images|admin)(\/|$)|\.\w+$/

/**
 * Serves the pages, compressed where `npm run build` has done so and the browser takes it. One that the page itself knows (`/gallery`)
 * gets its `index.html`, when it is a browser that asks.
 */
export const serveWebPages = ({ sites, imageOrigins }: WebPages): Router => {
  const router = Router()
  const policy = createPolicy(imageOrigins)
  router.use(skipUnreadable)
  for (const { path, directory } of sites) {
    const assets = join(directory, 'assets')
    const sendFile = staticFiles(directory, {
      enableBrotli: true,
      orderPreference: ['br', 'gzip'],
      serveStatic: {
        setHeaders: (res, file) => {
          res.setHeader('Content-Security-Policy', policy)
          res.setHeader('Cache-Control', file.startsWith(assets) ? IMMUTABLE : 'no-cache')
        },
      },
    })
    router.use(path, sendFile, sendPage(sendFile))
  }
  return router
}

/** An address that is no text names no file of ours. */
const skipUnreadable: RequestHandler = (req, _res, next) => {
  try {
    decodeURIComponent(req.path)
    next()
  } catch {
    next('router')
  }
}

const sendPage =
  (sendFile: RequestHandler): RequestHandler =>
  (req, res, next) => {
    const isRead = req.method === 'GET' || req.method === 'HEAD'
    const wantsPage = req.get('Accept')?.includes('text/html') ?? false
    if (!isRead || !wantsPage || NOT_PAGES.test(req.originalUrl.split('?')[0] ?? '')) {
      next()
      return
    }
    const { url } = req
    req.url = '/index.html'
    sendFile(req, res, (error) => {
      req.url = url
      next(error)
    })
  }

/** No script but ours, nothing from anywhere else, in nobody's frame. Styles that scripts set are not inline ones. */
const createPolicy = (imageOrigins: readonly string[]): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src ${["'self'", 'data:', 'blob:', ...imageOrigins].join(' ')}`,
    "connect-src 'self'",
    "font-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
