import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import express from 'express'
import pino from 'pino'
import { createRequestLog } from '../../src/adapters/http/request-log.ts'
import { waitFor } from '../support/wait-for.ts'

const lines: string[] = []
const server = createServer()
let url: string

beforeAll(async () => {
  const logger = pino({}, { write: (line: string) => void lines.push(line) })
  const app = express()
  app.use(createRequestLog(logger, () => () => {}))
  const images = express.Router()
  images.get('/:file', (_req, res) => void res.json({ secret: 'body' }))
  app.use('/images', images)
  server.on('request', app)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

test('a request is logged by its route, and without what it is a permission to', async () => {
  const headers = { authorization: 'Bearer token', 'x-request-id': 'mine', cookie: 'a=cookie' }
  const response = await fetch(`${url}/images/g_1.signature?v=query&signature=events`, { headers })
  expect(response.headers.get('x-request-id')).toBe('mine')
  await response.arrayBuffer()
  await waitFor(() => lines.length > 0, { what: 'the line' })
  const said = lines.join()
  expect(JSON.parse(said)).toMatchObject({
    ...{ requestId: 'mine', method: 'GET', route: '/images/:file', status: 200 },
    isComplete: true,
  })
  for (const secret of ['signature', 'token', 'query', 'cookie', 'body', 'events']) {
    expect(said).not.toContain(secret)
  }
})
