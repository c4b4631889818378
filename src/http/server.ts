import { createServer, type RequestListener, type Server } from 'node:http'
import { StartError } from '../errors.ts'

/** A request must arrive within these; how long its answer takes is another matter. */
const SERVER_TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 65_000 }

export const createHttpServer = (listener: RequestListener): Server =>
  createServer(SERVER_TIMEOUTS, listener)

/** Resolves with the URL it listens on. Throws `StartError` when the port is taken. */
export const listen = (
  server: Server,
  { port, host }: { port: number; host: string },
): Promise<string> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE'
      reject(isTaken ? new StartError(`Port ${port} is taken: set PORT to a free one.`) : error)
    })
    server.listen(port, host, () => {
      const address = server.address()
      const actualPort = typeof address === 'object' && address ? address.port : port
      resolve(`http://${host.includes(':') ? `[${host}]` : host}:${actualPort}`)
    })
  })

const IDLE_SWEEP_MS = 50

/** Takes no more connections, lets requests under way finish, and cuts what is left after `graceMs`. */
export const closeServer = async (server: Server, graceMs: number): Promise<void> => {
  if (!server.listening) return
  const timer = setTimeout(() => server.closeAllConnections(), graceMs)
  // A connection whose last answer is sent stays open for more, so it is closed once it is idle.
  const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS)
  await new Promise((resolve) => server.close(resolve))
  clearTimeout(timer)
  clearInterval(sweep)
}
