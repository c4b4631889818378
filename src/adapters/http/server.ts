import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http'
import { StartError } from '../../lib/errors.ts'
import { createDrain, type Drain } from './drain.ts'
import { answerUnreadable, requireHost } from './unreadable-request.ts'

/** A request must arrive within these; how long its answer takes is another matter. */
const SERVER_TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 65_000 }

/** The server, and how to stop it without a reset for its clients. */
export const createHttpServer = (
  listener: RequestListener,
  classes: Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'> = {},
): { server: Server; drain: Drain } => {
  const options = { ...SERVER_TIMEOUTS, requireHostHeader: false, ...classes }
  const server = createServer(options, requireHost(listener))
  answerUnreadable(server)
  return { server, drain: createDrain(server) }
}

/** Resolves with the URL it listens on. Throws `StartError` where it can't, naming the setting to change. */
export const listen = (
  server: Server,
  { port, host }: { port: number; host: string },
  setting: 'PORT' | 'METRICS_PORT' = 'PORT',
): Promise<string> =>
  new Promise((resolve, reject) => {
    server.once('error', ({ code }: NodeJS.ErrnoException) => {
      const isPort = code === 'EADDRINUSE' || code === 'EACCES'
      const portText = `Port ${port} ${code === 'EACCES' ? 'is for root alone' : 'is taken'}: set ${setting} to a free one.`
      const hostSetting = setting.replace('PORT', 'HOST')
      const hostText = `${host} is no address of this machine (${code}): set ${hostSetting} to one, as 127.0.0.1 or 0.0.0.0.`
      reject(new StartError(isPort ? portText : hostText))
    })
    server.listen(port, host, () => {
      const address = server.address()
      const actualPort = typeof address === 'object' && address ? address.port : port
      resolve(`http://${host.includes(':') ? `[${host}]` : host}:${actualPort}`)
    })
  })
