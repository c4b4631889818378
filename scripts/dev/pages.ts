import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { createServer as createVite, type ViteDevServer } from 'vite'
import { listen } from '../../src/adapters/http/server.ts'
import type { Service } from './service.ts'

type Address = { host: string; port: number }
type Handler = (req: IncomingMessage, res: ServerResponse) => void

/** What the API serves; everything else is a page. */
const API_PATHS = /^\/((api|images|admin)(\/|$)|(openapi\.json|livez|readyz|metrics)$)/
const STUDIO_PATHS = /^\/studio(\/|$)/

/** What the API and the worker are made of. */
const WATCHED = ['src', 'db', 'scripts/dev']

/**
 * The dashboard, the reference and the studio from their sources, at the paths that they have when they are built, and
 * the API behind the same address, so that sessions and image URLs are what they are without vite.
 */
export const startPages = async (root: string, address: Address, service: Service) => {
  const server = createServer()
  const dashboard = await createDashboard(root, server, service)
  const studio = await createStudio(root, server)
  dashboard.watcher.add(WATCHED.map((path) => join(root, path)))
  for (const event of ['add', 'change', 'unlink'] as const) {
    dashboard.watcher.on(event, service.onSaved)
  }

  const toApi: Handler = async (req, res) => {
    if (await service.isRunning()) dashboard.middlewares(req, res)
    else res.writeHead(503).end('API and worker do not run: the terminal says why.\n')
  }
  server.on('request', (req, res) => {
    const path = req.url?.split('?')[0] ?? '/'
    if (API_PATHS.test(path)) toApi(req, res)
    else if (STUDIO_PATHS.test(path)) studio.middlewares(req, res)
    else if (path === '/docs') res.writeHead(302, { Location: '/docs/' }).end()
    else dashboard.middlewares(req, res)
  })
  const stop = async () => {
    server.close()
    server.closeAllConnections()
    await Promise.all([dashboard.close(), studio.close()])
  }
  try {
    return { url: await listen(server, address), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

const createDashboard = (root: string, server: Server, { url }: Service): Promise<ViteDevServer> =>
  createVite({
    configFile: join(root, 'web/vite.config.ts'),
    clearScreen: false,
    server: {
      middlewareMode: { server },
      ws: { server },
      // Other origins are the API's to answer.
      cors: false,
      proxy: { [API_PATHS.source]: { target: url } },
    },
  })

const createStudio = (root: string, server: Server): Promise<ViteDevServer> =>
  createVite({
    configFile: join(root, 'examples/studio/vite.config.ts'),
    clearScreen: false,
    // Two servers would overwrite each other's prepared packages.
    cacheDir: join(root, 'node_modules/.vite-studio'),
    server: { middlewareMode: { server }, ws: { server } },
  })
