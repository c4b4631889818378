import { readdir } from 'node:fs/promises'
import { PGlite } from '@electric-sql/pglite'
import { vector } from '@electric-sql/pglite-pgvector'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'
import { createDatabase, type Database } from '../../db/database.ts'
import { findFreePort } from './free-port.ts'

/** A Postgres that may have pgvector, in this process: all its connections are one session. */
export const startPglite = async () => {
  const postgres = await PGlite.create({ extensions: { vector } })
  const port = await findFreePort()
  const server = new PGLiteSocketServer({
    db: postgres,
    host: '127.0.0.1',
    port,
    maxConnections: 5,
  })
  await server.start()
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  const db = createDatabase({ url, poolSize: 1, onIdleError: () => {} })
  await applyMigrations(db)
  const close = async () => {
    await db.destroy()
    await server.stop()
    await postgres.close()
  }
  return { db, url, close }
}

/** The migrator reads by a second connection inside its transaction, for which this server has no session. */
const applyMigrations = async (db: Database) => {
  const folder = new URL('../../db/migrations/', import.meta.url)
  for (const name of (await readdir(folder)).sort()) {
    const { up } = await import(new URL(name, folder).href)
    await up(db)
  }
}
