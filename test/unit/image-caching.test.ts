import { Readable } from 'node:stream'
import { describe, expect, test } from '@jest/globals'
import pino from 'pino'
import {
  type PermittedBy,
  type SendObjectDeps,
  sendObject,
} from '../../src/adapters/http/send-object.ts'
import { createRequest, createResponse } from '../support/http-doubles.ts'

const VERSION = 'dddddddddddd'
const image = { bytes: new Uint8Array([1, 2, 3]), mimeType: 'image/png' as const }
const YEAR = 'max-age=31536000, immutable'
const MINUTE = 'max-age=60'

type Given = {
  by?: PermittedBy
  v?: string
  tag?: string
  find?: SendObjectDeps['store']['find']
  found?: { url: string; expiresInSeconds?: number }
  headers?: Record<string, string>
}

const send = async ({
  by = 'signature',
  v,
  tag,
  find = async () => image,
  found,
  headers,
}: Given) => {
  const missing: string[] = []
  const { response, answer } = createResponse()
  const isSent = await sendObject(
    {
      store: { find, findUrl: async () => found },
      findThumbnail: async () => undefined,
      onImageMissing: async (key) => void missing.push(key),
      logger: pino({ level: 'silent' }),
    },
    createRequest({
      query: v === undefined ? {} : { v },
      headers: { 'If-None-Match': tag, ...headers },
    }),
    response,
    { object: { key: 'generated/1', version: VERSION }, by, size: undefined },
  )
  return { ...answer, isSent, missing }
}

describe('an image may be cached', () => {
  test.each<[PermittedBy, string | undefined, string]>([
    ['signature', VERSION, `public, ${YEAR}`],
    ['signature', undefined, `public, ${MINUTE}`],
    ['signature', 'another', `public, ${MINUTE}`],
    ['token', VERSION, `private, ${YEAR}`],
    ['token', undefined, `private, ${MINUTE}`],
  ])('by %s, of the version %s: %s', async (by, v, caching) => {
    const answer = await send({ by, ...(v && { v }) })
    expect(answer).toMatchObject({ isSent: true, status: 200 })
    expect(answer.headers).toMatchObject({ 'cache-control': caching, etag: `"${VERSION}"` })
    const again = await send({ by, ...(v && { v }), tag: `"${VERSION}"` })
    expect(again).toMatchObject({ isSent: true, status: 304, body: '' })
    expect(again.headers['cache-control']).toBe(caching)
  })

  test('no longer than half of what the address of the store is good for', async () => {
    const { status, headers } = await send({
      v: VERSION,
      found: { url: 'https://s3', expiresInSeconds: 3_600 },
    })
    expect({ status, ...headers }).toEqual({
      ...{ status: 302, location: 'https://s3', 'cache-control': 'private, max-age=1800' },
    })
    const forever = await send({ v: VERSION, found: { url: 'https://cdn' } })
    // By the browser alone: a shared cache would send there who may not read what is there.
    expect(forever.headers['cache-control']).toBe(`private, ${YEAR}`)
  })

  test.each([
    [{ Origin: 'https://app.example' }, 200],
    [{ 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Site': 'same-origin' }, 200],
    [{ 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Site': 'cross-site' }, 302],
    [{ 'Sec-Fetch-Mode': 'cors' }, 302],
  ])('to %j it is a %s where the store has an address for it', async (headers, status) => {
    const answer = await send({ v: VERSION, headers, found: { url: 'https://cdn' } })
    expect(answer.status).toBe(status)
  })
})

test('what the store has not is reported, and what it does not say is not', async () => {
  const gone = await send({ find: async () => undefined })
  expect(gone).toMatchObject({ isSent: false, isEnded: false, missing: ['generated/1'] })
  const silent = await send({ find: () => Promise.reject(new Error('no store')) })
  expect(silent).toMatchObject({ isSent: false, isEnded: false, missing: [] })
})

test('an object that was opened for a reader who is gone is closed', async () => {
  const { response } = createResponse()
  Object.assign(response, { closed: true, req: { method: 'GET' } })
  const stream = Readable.from(['bytes'])
  const opened = { mimeType: 'image/png', sizeBytes: 5, stream } as const
  await sendObject(
    {
      store: {
        find: async () => undefined,
        open: async () => opened,
        findUrl: async () => undefined,
      },
      findThumbnail: async () => undefined,
      onImageMissing: async () => {},
      logger: pino({ level: 'silent' }),
    },
    createRequest({}),
    response,
    { object: { key: 'generated/1', version: VERSION }, by: 'signature', size: undefined },
  )
  expect(stream.destroyed).toBe(true)
})
