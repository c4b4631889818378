import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { mayReadMetrics, type ReadMetrics, sendMetrics } from './metrics.ts'
import { listen } from './server.ts'

type Options = { port: number; host: string; token: string | undefined; read: ReadMetrics }

const TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 10_000 }

/** `/metrics` and `/livez` of a process that serves nothing else. Throws `StartError`. Release with `close`. */
export const startMetricsServer = async ({ port, host, token, read }: Options) => {
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const path = req.url?.replace(/\?.*/, '')
    if (path === '/livez') {
      res.writeHead(200, { 'Content-Type': 'application/json' }).end('{"status":"ok"}')
    } else if (path !== '/metrics') {
      res.writeHead(404).end()
    } else if (mayReadMetrics(req.headers.authorization, token)) {
      await sendMetrics(read, res)
    } else {
      res.writeHead(401, { 'WWW-Authenticate': 'Bearer realm="imageonce"' }).end()
    }
  }
  const server = createServer(TIMEOUTS, (req, res) => {
    answer(req, res).catch(() => res.destroy())
  })
  const url = await listen(server, { port, host }, 'METRICS_PORT')
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
  }
  return { url, close }
}
