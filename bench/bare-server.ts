import { randomUUID } from 'node:crypto'
import express from 'express'
import { identify, pool, queue, serve } from './by-hand.ts'

/* What somebody would write by hand for the same traffic: no contract, no errors, no logs. */

const app = express()
app.disable('etag')
app.get('/livez', (_req, res) => void res.end())
app.use(express.json())

/** Verifies the token and answers with one indexed SELECT. */
app.post('/reuse', async (req, res) => {
  await identify(req.headers.authorization)
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

serve(app)
