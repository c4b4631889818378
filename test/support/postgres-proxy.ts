import { join } from 'node:path'
import type { TcpTarget } from './tcp-link.ts'
import { startTcpProxy } from './tcp-proxy.ts'

/** Stands in front of a Postgres as a network with faults; `url` leads through it. */
export const startPostgresProxy = async (databaseUrl: string) => {
  const proxy = await startTcpProxy(targetOf(new URL(databaseUrl)))
  const own = new URL(databaseUrl)
  own.host = `127.0.0.1:${proxy.port}`
  own.search = ''
  /** Ends what is open; from now on the way leads to that server, or back. */
  const redirect = (elsewhere?: string) =>
    proxy.redirect(elsewhere === undefined ? undefined : targetOf(new URL(elsewhere)))
  return { ...proxy, redirect, url: own.href }
}

/** A socket's folder stands in the query, as node-postgres and libpq write it. */
const targetOf = ({ hostname, port, searchParams }: URL): TcpTarget => {
  const socketFolder = searchParams.get('host')
  const actualPort = Number(searchParams.get('port') ?? (port || 5432))
  return socketFolder?.startsWith('/')
    ? { path: join(socketFolder, `.s.PGSQL.${actualPort}`) }
    : { host: socketFolder ?? hostname, port: actualPort }
}
