import pg from 'pg'
import type { ServerAddress } from './postmaster.ts'
import { connectionUrl } from './transport.ts'

/** A server that answers: a connection to its `postgres` database, and how others reach it. */
export type OpenServer = { client: pg.Client; pid: number; address: ServerAddress }

const CONNECT_TIMEOUT_MS = 5_000
const QUERY_TIMEOUT_MS = 30_000

/** Connects and makes sure that it is the server with that process id which answers. */
export const connect = async (
  home: string,
  pid: number,
  address: ServerAddress,
): Promise<OpenServer> => {
  const client = new pg.Client({
    connectionString: await connectionUrl(home, address, 'postgres'),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    application_name: `imageonce:${process.pid}`,
  })
  // Its queries and its end tell as much; an error without a listener ends the process.
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query<{ file: string }>(
      `select pg_read_file('postmaster.pid') as file`,
    )
    const answering = Number.parseInt(rows[0]?.file ?? '', 10)
    if (answering !== pid) throw new Error(`process ${answering} answers instead of ${pid}`)
    return { client, pid, address }
  } catch (error) {
    await client.end().catch(() => {})
    throw error
  }
}
