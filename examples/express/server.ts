import { fileURLToPath } from 'node:url'
import express, { type Request } from 'express'
import { createImageonceClient } from 'imageonce/client'

/* The back end of an app: it has the keys, and its pages get what they may have. */

const { IMAGEONCE_URL: url = 'http://127.0.0.1:3000', IMAGEONCE_KEY: token = '' } = process.env
const { IMAGEONCE_OPERATOR_KEY: operatorKey = '', PORT = '8080' } = process.env

/** Whoever is signed in, as your sessions say. */
const userOf = (_request: Request): string => 'ann'

const app = express().use(express.json())

/** A picture, made by the back end for its user: the key acts on behalf of owners. */
app.post('/pictures', async (request, response) => {
  const client = createImageonceClient({ baseUrl: url, token, owner: userOf(request) })
  const result = await client.generate({ prompt: request.body.prompt })
  const { imageUrl, isExisting, error } = result
  response.status(error ? 502 : 200).json({ imageUrl, isExisting, error })
})

/** A key for a page that asks by itself, of its user, for an hour and a dollar. */
app.get('/imageonce-key', async (request, response) => {
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
  const made = await fetch(`${url}/api/keys`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${operatorKey}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: 'page', ownerId: userOf(request), expiresAt, dailyUsd: 1 }),
  })
  const { key } = (await made.json()) as { key?: string }
  response
    .set('Cache-Control', 'no-store')
    .status(key ? 200 : 502)
    .json({ url, key })
})

app.use(express.static(fileURLToPath(new URL('../html', import.meta.url))))
app.listen(Number(PORT), '127.0.0.1')
