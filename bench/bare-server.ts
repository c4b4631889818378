import { randomUUID } from 'node:crypto'
import { createPostgresBackend, Queue, withBackend } from 'bullmq'
import express from 'express'
import { jwtVerify } from 'jose'
import pg from 'pg'

/*
 * What somebody would write by hand for the same traffic: no contract, no errors, no logs. Reads what `imageonce api`
 * reads from the environment. Its tables are made by `fixtures.ts`.
 */

const { PORT, DATABASE_URL = '', REDIS_URL, AUTH_JWT_SECRET } = process.env

const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 })
const secret = new TextEncoder().encode(AUTH_JWT_SECRET)
const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, [
  'verify',
])

const openQueue = () => {
  if (REDIS_URL) return new Queue('imageonce', { connection: { url: REDIS_URL } })
  const connection = { connectionString: DATABASE_URL }
  return new (withBackend(createPostgresBackend).Queue)('imageonce', { connection })
}
const queue = openQueue()
await queue.waitUntilReady()

const app = express()
app.disable('etag')
app.get('/livez', (_req, res) => void res.end())
app.use(express.json())

/** Verifies the token and answers with one indexed SELECT. */
app.post('/reuse', async (req, res) => {
  await jwtVerify(req.headers.authorization?.slice('Bearer '.length) ?? '', key, {
    algorithms: ['HS256'],
  })
  const { rows } = await pool.query('select answer from bare_answers where prompt = $1', [
    req.body.prompt,
  ])
  res.json(rows[0].answer)
})

/** One INSERT and one `add`. */
app.post('/submit', async (req, res) => {
  const id = randomUUID()
  await pool.query('insert into bare_submissions (id, body) values ($1, $2)', [id, req.body])
  await queue.add('generate', { id }, { jobId: id, removeOnComplete: true, removeOnFail: true })
  res.status(202).json({ id, ...req.body })
})

const server = app.listen(Number(PORT), '127.0.0.1')
process.once('SIGTERM', async () => {
  server.closeAllConnections()
  await queue.close()
  await pool.end()
  process.exit(0)
})
