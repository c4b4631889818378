import { createHash } from 'node:crypto'
import { Router } from 'express'
import { matches } from '../json.ts'
import { sendBytes } from '../send-object.ts'

/**
 * The contract for machines, to anyone: it holds no more than what `/docs` shows. Its bytes are made once, and all answers share them,
 * also those that nobody reads.
 */
export const createOpenApiRoutes = (findOpenApi: () => Promise<object>): Router => {
  const router = Router()
  let encoded: Promise<{ bytes: Buffer; etag: string }> | undefined
  router.get('/openapi.json', async (req, res) => {
    encoded ??= findOpenApi().then(encode)
    const { bytes, etag } = await encoded
    res.set({ 'Access-Control-Allow-Origin': '*', 'Cache-Control': 'no-cache', ETag: etag })
    if (matches(req.get('If-None-Match'), etag)) res.status(304).end()
    else sendBytes(res, { bytes, mimeType: 'application/json' })
  })
  return router
}

const encode = (document: object) => {
  const bytes = Buffer.from(JSON.stringify(document))
  const digest = createHash('sha256').update(bytes).digest('base64url')
  return { bytes, etag: `"${digest.slice(0, 27)}"` }
}
