import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { waitFor } from '../support/wait-for.ts'

let echo: Server
let served: Set<Socket>
let proxy: TcpProxy
let sockets: Socket[]

beforeEach(async () => {
  served = new Set()
  sockets = []
  echo = createServer((socket) => {
    served.add(socket)
    socket.on('close', () => served.delete(socket)).on('error', () => {})
    socket.pipe(socket)
  }).listen(0, '127.0.0.1')
  await once(echo, 'listening')
  const { port } = echo.address() as AddressInfo
  proxy = await startTcpProxy({ host: '127.0.0.1', port })
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await proxy.close()
  echo.close()
  await once(echo, 'close')
})

/** What a client meets. */
const open = () => {
  const socket = connect(proxy.port, '127.0.0.1')
  sockets.push(socket)
  const met = { bytes: 0, end: '' }
  socket.on('data', ({ length }) => {
    met.bytes += length
  })
  socket.on('error', ({ code }: NodeJS.ErrnoException) => {
    met.end ||= String(code)
  })
  socket.on('close', () => {
    met.end ||= 'closed'
  })
  const roundTrip = async (length = 10) => {
    const expected = met.bytes + length
    const startedAt = performance.now()
    socket.write(Buffer.alloc(length))
    await waitFor(() => met.bytes === expected, { what: 'the echo' })
    return performance.now() - startedAt
  }
  return { socket, met, roundTrip }
}

describe('a proxy of a network with faults', () => {
  test('carries everything, and the end', async () => {
    const client = open()
    await client.roundTrip(5_000_000)
    client.socket.end()
    await waitFor(() => client.met.end, { what: 'the end' })
    expect(client.met.end).toBe('closed')
    await waitFor(() => proxy.countLinks() === 0, { what: 'the link to go' })
  })

  test('delays', async () => {
    const client = open()
    await client.roundTrip()
    proxy.delay(150)
    const delayedMs = await client.roundTrip()
    expect(delayedMs).toBeGreaterThan(290)
    await proxy.mend()
    await waitFor(async () => (await client.roundTrip()) < delayedMs / 2, {
      what: 'a round trip without the delay',
    })
  })

  test('throttles', async () => {
    const client = open()
    proxy.throttle(1_000)
    expect(await client.roundTrip(500)).toBeGreaterThan(450)
  })

  test('resets what is open, and lets in what comes', async () => {
    const client = open()
    await client.roundTrip()
    proxy.reset()
    await waitFor(() => client.met.end, { what: 'the reset' })
    expect(client.met.end).toBe('ECONNRESET')
    await open().roundTrip()
    await waitFor(() => served.size === 1, { what: 'the target to lose its end too' })
  })

  test('refuses until it is mended', async () => {
    const before = open()
    await before.roundTrip()
    await proxy.cut()
    await waitFor(() => before.met.end, { what: 'the end' })
    const meanwhile = open()
    await waitFor(() => meanwhile.met.end, { what: 'the refusal' })
    expect(meanwhile.met.end).toBe('ECONNREFUSED')
    await proxy.mend()
    await open().roundTrip()
  })

  test('holds back while it is frozen', async () => {
    const client = open()
    await client.roundTrip()
    proxy.freeze()
    const late = open()
    const echoes = [client.roundTrip(), late.roundTrip()]
    await waitFor(() => proxy.countLinks() === 2, { what: 'the connection to be let in' })
    expect([client.met.bytes, late.met.bytes]).toEqual([10, 0])
    await proxy.mend()
    await Promise.all(echoes)
  })

  test('swallows, and leaves a half-open link', async () => {
    const before = open()
    await before.roundTrip()
    proxy.swallow()
    const meanwhile = open()
    before.socket.write('hello?')
    meanwhile.socket.write('hello?')
    await waitFor(() => proxy.countLinks() === 2, { what: 'the connection to be let in' })
    await proxy.mend()
    const after = open()
    await after.roundTrip()
    expect([before.met, meanwhile.met]).toEqual([
      { bytes: 10, end: '' },
      { bytes: 0, end: '' },
    ])
    before.socket.destroy()
    await after.roundTrip()
    expect(served.size).toBe(2)
  })
})
