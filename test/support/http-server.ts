import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'

export type TestServer = { url: string; close(): Promise<void> }

/** An HTTP server on a free loopback port; `close` ends open connections too. */
export const startHttpServer = async (listener: RequestListener): Promise<TestServer> => {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
