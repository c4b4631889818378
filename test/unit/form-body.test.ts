import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import express, { type ErrorRequestHandler } from 'express'
import { type Form, formBody } from '../../src/adapters/http/form-body.ts'
import { AppError } from '../../src/lib/errors.ts'

const limits = { totalBytes: 20_000, fileBytes: 8_000, fieldBytes: 1_000, files: 3, fields: 5 }

const tell: ErrorRequestHandler = (error, _req, res, _next) => {
  res.status(400).json({ code: error instanceof AppError ? error.code : String(error) })
}

const app = express()
app.post('/', formBody(limits), (req, res) => {
  const { fields, files } = req.body as Form
  res.json({ fields, files: files.map(({ name, bytes }) => [name, bytes.toString('base64')]) })
})
app.use(tell)
const server = createServer(app)
let url: string

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})
afterAll(() => {
  server.close()
  server.closeAllConnections()
})

const send = async (body: FormData | string, headers: Record<string, string> = {}) => {
  const response = await fetch(url, { method: 'POST', body, headers })
  return (await response.json()) as { code?: string; fields?: unknown; files?: unknown }
}
const fileOf = (bytes: number, fill = 7) => new Blob([new Uint8Array(bytes).fill(fill)])
const form = (parts: [string, string | Blob][]) => {
  const data = new FormData()
  for (const [name, value] of parts) {
    if (typeof value === 'string') data.append(name, value)
    else data.append(name, value, 'blob')
  }
  return data
}

describe('a form', () => {
  test('comes out as it went in: fields and files, each in its order', async () => {
    const answer = await send(
      form([
        ['prompt', 'a fox, "süß" 🦊\r\nand more'],
        ['image[]', fileOf(3, 1)],
        ['image[]', fileOf(8_000, 2)],
        ['n', '1'],
        ['n', '2'],
      ]),
    )
    expect(answer.fields).toEqual([
      { name: 'prompt', value: 'a fox, "süß" 🦊\r\nand more' },
      { name: 'n', value: '1' },
      { name: 'n', value: '2' },
    ])
    expect(answer.files).toEqual([
      ['image[]', Buffer.alloc(3, 1).toString('base64')],
      ['image[]', Buffer.alloc(8_000, 2).toString('base64')],
    ])
  })

  const four = Array.from({ length: 4 }, (): [string, Blob] => ['image', fileOf(1)])
  const six = Array.from({ length: 6 }, (): [string, string] => ['a', 'b'])
  const three = Array.from({ length: 3 }, (): [string, Blob] => ['image', fileOf(7_000)])
  test.each([
    ['a file that is too large', form([['image', fileOf(8_001)]]), 'payload_too_large'],
    ['a field that is too large', form([['prompt', 'x'.repeat(1_001)]]), 'payload_too_large'],
    ['too much in all', form(three), 'payload_too_large'],
    ['too many files', form(four), 'invalid_request'],
    ['too many fields', form(six), 'invalid_request'],
  ])('with %s is refused', async (_name, body, code) => {
    expect(await send(body)).toEqual({ code })
  })

  const type = { 'content-type': 'multipart/form-data; boundary=x' }
  const part = '--x\r\ncontent-disposition: form-data; name="image"; filename="a"\r\n\r\nbytes'
  test.each([
    ['no boundary', part, { 'content-type': 'multipart/form-data' }, 'invalid_request'],
    ['no end', part, type, 'invalid_request'],
    ['nothing in it', '', type, 'invalid_request'],
    ['another type', '{}', { 'content-type': 'application/json' }, 'unsupported_media_type'],
    ['a compression', part, { ...type, 'content-encoding': 'gzip' }, 'unsupported_media_type'],
  ])('with %s is refused', async (_name, body, headers, code) => {
    expect(await send(body, headers)).toEqual({ code })
  })

  test('that does not say how long it is is read up to what it may have, and is answered', async () => {
    const file = `${part}${'y'.repeat(7_000)}\r\n`
    const text = `${file.repeat(3)}--x--\r\n`
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.write(
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: ${type['content-type']}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    )
    socket.write(`${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`)
    const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve))
    socket.destroy()
    expect(String(answer)).toContain('payload_too_large')
  })

  test('whose sender goes away leaves the server as it was', async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.write(
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: ${type['content-type']}\r\nContent-Length: 9000\r\n\r\n${part}`,
    )
    await new Promise<void>((resolve) => socket.end(() => resolve()))
    socket.destroy()
    expect(await send(form([['a', 'b']]))).toMatchObject({ fields: [{ name: 'a', value: 'b' }] })
  })
})
