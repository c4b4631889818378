import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { expect, test } from '@jest/globals'
import { giveUpUnread } from '../../src/adapters/http/unread-answers.ts'

const BYTES = 64 * 2 ** 20

/** A server that answers with more than any connection holds by itself; its timers are ours to fire. */
const startServer = async () => {
  const timers: { fire: () => void; afterMs: number }[] = []
  const collect = ((fire: () => void, afterMs: number) => {
    timers.push({ fire, afterMs })
    return setTimeout(() => {}, 0)
  }) as unknown as typeof setTimeout
  const server = createServer((_req, res) => {
    giveUpUnread(res as never, BYTES, collect)
    res.end(Buffer.alloc(BYTES))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return { timers, port, close: () => server.close() }
}

test('an answer that nobody takes is cut off, later the larger it is', async () => {
  const { timers, port, close } = await startServer()
  const socket = connect(port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(socket, 'readable')
  expect(timers.map(({ afterMs }) => Math.round(afterMs / 1_000))).toEqual([4_224])
  timers[0]?.fire()
  let received = 0
  socket.on('data', (chunk) => {
    received += chunk.length
  })
  await once(socket, 'close')
  expect(received).toBeLessThan(BYTES)
  close()
})

test('one that is taken comes whole', async () => {
  const { port, close } = await startServer()
  const response = await fetch(`http://127.0.0.1:${port}`)
  expect((await response.arrayBuffer()).byteLength).toBe(BYTES)
  close()
})
