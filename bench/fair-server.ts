import { createHash, randomUUID } from 'node:crypto'
import express from 'express'
import helmet from 'helmet'
import pino from 'pino'
import { generationRequestSchema } from '../src/contract/generation-request.ts'
import { createImageIdempotencyKey } from '../src/contract/identity.ts'
import { identify, pool, queue, serve } from './by-hand.ts'

/*
 * What somebody careful would write by hand to give the same answers: it verifies the token, checks the body, works out the identity,
 * makes one SELECT with the same joins, or writes the same row and adds the job, and answers with the same body, the same headers and a
 * line in the log. No batches, no limits, nothing that holds while a store is away.
 */

const logger = pino({ base: { process: 'fair' } }, pino.destination({ sync: false }))

const MODEL = 'gemini-2.5-flash-image'
const sha256Hex = (text: string) => createHash('sha256').update(text).digest('hex')

type Row = {
  id: string
  prompt: string
  status: string
  cost_usd: number
  created_at: Date
  finished_at: Date | null
  content_digest: string | null
  thumbhash: string | null
  width: number | null
  height: number | null
}

const present = (row: Row, isExisting: boolean) => {
  const self = `http://127.0.0.1/api/generations/${row.id}`
  const signature = createHash('sha256').update(row.id).digest('base64url').slice(0, 22)
  const image = `http://127.0.0.1/images/${row.id}.${signature}`
  return {
    id: row.id,
    status: row.status,
    imageUrl: row.content_digest ? `${image}?v=${row.content_digest.slice(0, 8)}` : image,
    prompt: row.prompt,
    transformation: 'generate',
    lane: 'interactive',
    isExisting,
    isConditioned: false,
    isPlaceholder: false,
    attempts: 1,
    provider: 'gemini',
    model: MODEL,
    imageSize: '1K',
    createdAt: row.created_at.toISOString(),
    urls: { self, events: `${self}/events`, image, cancel: `${self}/cancel` },
    ...(isExisting && { reuse: { source: 'exact', savedUsd: row.cost_usd } }),
    costUsd: row.cost_usd,
    aspectRatio: '16:9',
    thumbhash: row.thumbhash,
    width: row.width,
    height: row.height,
    finishedAt: row.finished_at?.toISOString(),
  }
}

const app = express()
app.disable('etag')
app.get('/livez', (_req, res) => void res.end())
app.use(helmet())
app.use((req, res, next) => {
  const startedAt = performance.now()
  const requestId = randomUUID()
  res.set('X-Request-Id', requestId)
  res.once('close', () => {
    const durationMs = performance.now() - startedAt
    logger.info({ requestId, method: req.method, status: res.statusCode, durationMs }, 'request')
  })
  next()
})
app.use(express.json())

const describe = async (req: express.Request) => {
  const owner = await identify(req.headers.authorization)
  const request = generationRequestSchema.parse(req.body)
  const { prompt, transformation, aspectRatio } = request
  const identity = { owner, prompt, transformation, model: MODEL, aspectRatio }
  const id = await createImageIdempotencyKey(
    { ...identity, provider: 'gemini', imageSize: '1K' },
    sha256Hex,
  )
  return { owner, request, id }
}

app.post('/reuse', async (req, res) => {
  await describe(req)
  // The row is found by its prompt, as its id has the server's model in it.
  const { rows } = await pool.query<Row>(
    `select g.id, g.prompt, g.status, maker.cost_usd, g.created_at, g.finished_at, m.content_digest, m.thumbhash, m.width, m.height
      from bare_answers b join generations g on g.id = b.answer ->> 'id'
      left join image_metadata m on m.id = g.image_id left join generations maker on maker.id = g.image_id
      where b.prompt = $1`,
    [req.body.prompt],
  )
  const [row] = rows
  if (!row) throw new Error('not there')
  res.set({ 'Cache-Control': 'no-store', Location: `/api/generations/${row.id}` })
  res.json(present(row, true))
})

app.post('/submit', async (req, res) => {
  const { owner, request, id } = await describe(req)
  await pool.query('insert into users (id) values ($1) on conflict do nothing', [owner])
  const { rows } = await pool.query<Row>(
    `insert into generations (id, owner_id, fingerprint, status, lane, prompt, transformation, provider, model, aspect_ratio,
      image_size, object_key, event_sequence)
      values ($1, $2, $1, 'queued', $3, $4, $5, 'gemini', $6, $7, '1K', $8, 1)
      returning id, prompt, status, cost_usd, created_at, finished_at, null as content_digest, null as thumbhash`,
    [
      ...[id, owner, request.lane, request.prompt, request.transformation, MODEL],
      ...[request.aspectRatio, `generated/${id}/${randomUUID()}`],
    ],
  )
  await queue.add('generate', { id }, { jobId: id, removeOnComplete: true, removeOnFail: true })
  const [row] = rows
  if (!row) throw new Error('not there')
  res.set({ 'Cache-Control': 'no-store', Location: `/api/generations/${row.id}` })
  res.status(202).json(present(row, false))
})

serve(app)
