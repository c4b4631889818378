import { join } from 'node:path'
import express, { type RequestHandler, type Response, Router } from 'express'

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

/** Serves the pages. One that the page itself knows (`/gallery`) gets its `index.html`, when it is a browser that asks. */
export const serveWebPages = ({ sites, imageOrigins }: WebPages): Router => {
  const router = Router()
  const policy = createPolicy(imageOrigins)
  const protect = (res: Response): void => {
    res.set({ 'Content-Security-Policy': policy, 'Cache-Control': 'no-cache' })
  }
  for (const { path, directory } of sites) {
    const files = express.static(directory, {
      setHeaders: (res, file) => {
        protect(res)
        if (file.startsWith(join(directory, 'assets'))) res.set('Cache-Control', IMMUTABLE)
      },
    })
    router.use(path, files, sendPage(directory, protect))
  }
  return router
}

const sendPage =
  (directory: string, protect: (res: Response) => void): RequestHandler =>
  (req, res, next) => {
    const isRead = req.method === 'GET' || req.method === 'HEAD'
    const wantsPage = req.get('Accept')?.includes('text/html') ?? false
    if (!isRead || !wantsPage || NOT_PAGES.test(req.originalUrl.split('?')[0] ?? '')) {
      next()
      return
    }
    protect(res)
    res.sendFile('index.html', { root: directory, cacheControl: false }, (error) => {
      if (!error || res.headersSent) return
      res.removeHeader('Content-Security-Policy')
      next()
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
