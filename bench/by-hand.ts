import { createPostgresBackend, Queue, withBackend } from 'bullmq'
import type { Express } from 'express'
import { jwtVerify } from 'jose'
import pg from 'pg'

/*
 * What the servers by hand are made of. They read what `imageonce api` reads from the environment; their tables are made by
 * `fixtures.ts`.
 */

const { PORT, DATABASE_URL = '', REDIS_URL, AUTH_JWT_SECRET } = process.env

const key = await crypto.subtle.importKey(
  'raw',
  new TextEncoder().encode(AUTH_JWT_SECRET),
  { name: 'HMAC', hash: 'SHA-256' },
  false,
  ['verify'],
)

const openQueue = () => {
  if (REDIS_URL) return new Queue('imageonce', { connection: { url: REDIS_URL } })
  const connection = { connectionString: DATABASE_URL }
  return new (withBackend(createPostgresBackend).Queue)('imageonce', { connection })
}

export const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 })
export const queue = openQueue()
await queue.waitUntilReady()

/** Who a valid token is of. */
export const identify = async (authorization: string | undefined): Promise<string> => {
  const { payload } = await jwtVerify(authorization?.slice('Bearer '.length) ?? '', key, {
    algorithms: ['HS256'],
  })
  return payload.sub ?? ''
}

/** Until SIGTERM. */
export const serve = (app: Express): void => {
  const server = app.listen(Number(PORT), '127.0.0.1')
  process.once('SIGTERM', async () => {
    server.closeAllConnections()
    await queue.close()
    await pool.end()
    process.exit(0)
  })
}
