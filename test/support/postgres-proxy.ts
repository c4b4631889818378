import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'

/**
 * Stands in front of a Postgres as a network that can be cut: `cut` ends all connections and lets none in, `mend`
 * lets them in again.
 */
export const startPostgresProxy = async (databaseUrl: string) => {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  let isCut = false
  const hold = (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
  }
  const server = createServer((incoming) => {
    hold(incoming)
    if (isCut) {
      incoming.destroy()
      return
    }
    const outgoing = connect(addressOf(target))
    hold(outgoing)
    incoming.pipe(outgoing).on('close', () => incoming.destroy())
    outgoing.pipe(incoming).on('close', () => outgoing.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  const own = new URL(databaseUrl)
  own.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  own.search = ''
  const cut = () => {
    isCut = true
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: own.href,
    cut,
    mend: () => {
      isCut = false
    },
    close: async () => {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A socket's folder stands in the query, as node-postgres and libpq write it. */
const addressOf = ({ hostname, port, searchParams }: URL) => {
  const socketFolder = searchParams.get('host')
  const actualPort = Number(searchParams.get('port') ?? (port || 5432))
  return socketFolder?.startsWith('/')
    ? { path: join(socketFolder, `.s.PGSQL.${actualPort}`) }
    : { host: socketFolder ?? hostname, port: actualPort }
}
