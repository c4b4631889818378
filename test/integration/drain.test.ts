import { once } from 'node:events'
import { Agent, type RequestListener, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { DrainOptions } from '../../src/adapters/http/drain.ts'
import { createHttpServer, listen } from '../../src/adapters/http/server.ts'
import { waitFor } from '../support/wait-for.ts'

/** Longer than a test may take: one whose server waits for it fails by its own time. */
const NEVER_MS = 600_000

const releases: (() => unknown)[] = []
afterEach(async () => {
  for (const release of releases.splice(0)) await release()
})

const startServer = async (listener: RequestListener) => {
  const { server, drain } = createHttpServer(listener)
  const url = await listen(server, { port: 0, host: '127.0.0.1' })
  releases.push(() => drain({ graceMs: 0 }))
  const startDrain = (options: Partial<DrainOptions> = {}) => {
    const startedAt = performance.now()
    return drain({ graceMs: NEVER_MS, ...options }).then(() => performance.now() - startedAt)
  }
  return { url, startDrain }
}

/** What a client meets on a connection of its own. */
const openConnection = async (url: string) => {
  const socket: Socket = connect(Number(new URL(url).port))
  releases.push(() => socket.destroy())
  let text = ''
  let end: string | undefined
  socket.on('data', (chunk) => {
    text += chunk
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    end = error.code
  })
  socket.on('close', () => {
    end ??= 'closed'
  })
  await once(socket, 'connect')
  const send = (head: string, body = '') =>
    socket.write(`${head} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  const answers = (count = 1) =>
    waitFor(() => text.match(/HTTP\/1\.1 \d+/g)?.length === count, { what: 'the answer' })
  return { socket, send, answers, text: () => text, end: () => end }
}

const untilRefused = (url: string): Promise<unknown> => {
  const tryToConnect = async () => {
    const socket = connect(Number(new URL(url).port))
    const [error] = await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(
      (refusal) => [refusal],
    )
    socket.destroy()
    return error?.code === 'ECONNREFUSED'
  }
  return waitFor(tryToConnect, { what: 'a refusal' })
}

describe('a server that is stopped', () => {
  test('is stopped at once when no connection is open', async () => {
    const { startDrain } = await startServer((_req, res) => res.end('hello'))
    await startDrain({ idleMs: NEVER_MS })
  })

  test('refuses new connections, and lets the request under way finish as the last one', async () => {
    let answer: (() => void) | undefined
    const { url, startDrain } = await startServer((_req, res) => {
      answer = () => res.end('late')
    })
    const client = await openConnection(url)
    client.send('GET /')
    const finish = await waitFor(() => answer, { what: 'the request to arrive' })
    const drained = startDrain()
    await untilRefused(url)
    finish()
    await drained
    await waitFor(client.end, { what: 'the end' })
    expect(client.text()).toMatch(/Connection: close\r\n[\s\S]*late$/)
    expect(client.end()).toBe('closed')
  })

  test('still answers on a connection that rested, and tells its client to leave', async () => {
    const { url, startDrain } = await startServer((req, res) => {
      req.resume().on('end', () => res.end('hello'))
    })
    const client = await openConnection(url)
    client.send('GET /')
    await client.answers(1)
    expect(client.text()).toContain('Connection: keep-alive')
    const drained = startDrain({ idleMs: NEVER_MS })
    await untilRefused(url)
    client.send('POST /', 'something')
    await client.answers(2)
    expect(client.text()).toContain('Connection: close')
    await drained
    await waitFor(client.end, { what: 'the end' })
    expect(client.end()).toBe('closed')
  })

  test('closes a connection that goes on resting, though not soon', async () => {
    const { url, startDrain } = await startServer((_req, res) => res.end('hello'))
    const client = await openConnection(url)
    const drained = await startDrain({ idleMs: 600 })
    expect(drained).toBeGreaterThan(600)
    await waitFor(client.end, { what: 'the end' })
    expect(client.end()).toBe('closed')
  })

  test('does not close on a client that is still sending when its answer is there', async () => {
    const { url, startDrain } = await startServer((_req, res) => {
      res.writeHead(401).end('who are you?')
    })
    const client = await openConnection(url)
    const drained = startDrain()
    await untilRefused(url)
    client.socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n')
    await client.answers(1)
    expect(client.text()).toContain('Connection: keep-alive')
    client.socket.write(Buffer.alloc(1_000_000))
    await waitFor(() => client.socket.writableLength === 0, { what: 'the body to be sent' })
    client.send('GET /')
    await client.answers(2)
    expect(client.text()).toContain('Connection: close')
    await drained
    await waitFor(client.end, { what: 'the end' })
    expect(client.end()).toBe('closed')
  })

  test('cuts off at the end of the grace period what does not end', async () => {
    const { url, startDrain } = await startServer((_req, res) => void res.write('and so on'))
    const client = await openConnection(url)
    client.send('GET /')
    await client.answers(1)
    const drained = await startDrain({ graceMs: 400, idleMs: NEVER_MS })
    expect(drained).toBeGreaterThan(350)
  })

  test('resets none of the clients that keep it busy', async () => {
    const { url, startDrain } = await startServer((_req, res) => {
      setTimeout(() => res.end('hello'), Math.random() * 5)
    })
    const agent = new Agent({ keepAlive: true })
    releases.push(() => agent.destroy())
    const codes: unknown[] = []
    let isRefused = false
    const callOnce = () =>
      new Promise<void>((resolve) => {
        const outgoing = request(url, { agent, method: 'POST' }, (response) => {
          codes.push(response.statusCode)
          response.resume().on('close', resolve)
        })
        outgoing.on('error', ({ code }: NodeJS.ErrnoException) => {
          if (code === 'ECONNREFUSED') isRefused = true
          else codes.push(code)
          resolve()
        })
        outgoing.end('something')
      })
    const callers = Array.from({ length: 20 }, async () => {
      while (!isRefused) await callOnce()
    })
    await waitFor(() => codes.length > 500, { what: 'a busy server' })
    await startDrain()
    await Promise.all(callers)
    expect(new Set(codes)).toEqual(new Set([200]))
  })
})
