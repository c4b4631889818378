import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from '@jest/globals'
import express, { type ErrorRequestHandler, type RequestHandler } from 'express'
import { createShortWay, type HotRoute } from '../../src/adapters/http/short-way.ts'

let close = () => {}
afterEach(() => close())

const say: RequestHandler = (req, res) => {
  res.end(`short ${req.params.id ?? ''} ${req.route.path} ${req.path}`)
}
const sayError: ErrorRequestHandler = (error: Error, _req, res, _next) => {
  res.status(418).end(error.message)
}

const listen = async (
  given: Partial<HotRoute>,
  errorHandlers: readonly ErrorRequestHandler[] = [sayError],
) => {
  const app = express()
  app.use((_req, res) => void res.end('long'))
  const lane = {
    method: 'GET',
    pattern: '/a/:id',
    handlers: [say],
    errorHandlers,
    ...given,
  } as const
  const { listener, ...classes } = createShortWay(app, [lane])
  const server = createServer(classes, listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  close = () => {
    server.closeAllConnections()
    server.close()
  }
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return async (path: string, method = 'GET') => {
    const response = await fetch(base + path, { method })
    return [response.status, await response.text()]
  }
}

test.each([
  ['GET', '/a/b_1', 'short b_1 /a/:id /a/b_1'],
  ['GET', '/a/b_1/', 'long'],
  ['GET', '/a/b_1?x=1', 'long'],
  ['GET', '/a/b%5F1', 'long'],
  ['GET', '/A/b_1', 'long'],
  ['GET', '/a/', 'long'],
  ['GET', '/a/b/c', 'long'],
  ['POST', '/a/b_1', 'long'],
])('%s %s is answered %s', async (method, path, expected) => {
  const ask = await listen({})
  expect(await ask(path, method)).toEqual([200, expected])
})

test('each handler is called once the one before it says so', async () => {
  const calls: number[] = []
  const count =
    (n: number): RequestHandler =>
    (_req, _res, next) => {
      calls.push(n)
      setImmediate(next)
    }
  const ask = await listen({ handlers: [count(1), count(2), say] })
  expect((await ask('/a/b'))[0]).toBe(200)
  expect(calls).toEqual([1, 2])
})

test.each<[string, RequestHandler]>([
  [
    'throws',
    () => {
      throw new Error('no')
    },
  ],
  [
    'rejects',
    async () => {
      throw new Error('no')
    },
  ],
  ['passes one on', (_req, _res, next) => next(new Error('no'))],
])('an error that a handler %s goes through the error handlers in turn', async (_name, handler) => {
  const passOn: ErrorRequestHandler = (error, _req, _res, next) => next(error)
  const ask = await listen({ handlers: [handler, say] }, [passOn, sayError])
  expect(await ask('/a/b')).toEqual([418, 'no'])
})

test('an error after the answer has begun ends the connection', async () => {
  const begin: RequestHandler = (_req, res) => {
    res.write('half')
    throw new Error('no')
  }
  const giveUp: ErrorRequestHandler = (error, _req, _res, next) => next(error)
  const ask = await listen({ handlers: [begin] }, [giveUp])
  await expect(ask('/a/b')).rejects.toThrow()
})
