import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import type { Expected } from '../support/problems.ts'
import { startProgram } from '../support/program.ts'
import { createRefusals } from '../support/refusals.ts'

let app: TestApp
let alice: Client
let expectRefusal: ReturnType<typeof createRefusals>

beforeAll(async () => {
  app = await startTestApp()
  alice = await createClient(app)
  await alice.generateAndWait({ prompt: 'an image there is' })
  expectRefusal = createRefusals(app, alice)
})
afterAll(() => app.stop())

const wrongField = (...pointers: string[]): Expected => ({
  status: 400,
  code: 'invalid_request',
  pointers,
})

describe('a caller without a valid token', () => {
  test.each([
    ['nothing', () => ''],
    ['garbage', () => 'Bearer garbage'],
    ['a tampered token', () => `${alice.authorization.slice(0, -4)}AAAA`],
  ])('who sends %s is told to sign in, wherever', async (_name, authorization) => {
    const headers = { authorization: authorization() }
    const expected = { status: 401, code: 'unauthenticated' }
    for (const [method, path] of [
      ['POST', '/api/visualize/generate'],
      ['POST', '/api/visualize/image'],
      ['GET', '/api/generations'],
      ['GET', '/api/images'],
      ['GET', '/api/info'],
      ['GET', '/API/info'],
      ['GET', '/api/nothing/here'],
    ] as const) {
      const answer = await expectRefusal(expected, method, path, { headers })
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
    }
  })
})

describe("another owner's", () => {
  const notFound = { status: 404, code: 'not_found' }

  test.each([
    ['generation', 'GET', '/api/generations/:id'],
    ['stream', 'GET', '/api/generations/:id/events'],
    ['generation to cancel', 'POST', '/api/generations/:id/cancel'],
    ['image to delete', 'DELETE', '/api/images/:id'],
    ['image by its bare id', 'GET', '/images/:id'],
  ])('%s is as if it did not exist', async (_name, method, path) => {
    const { body: hers } = await alice.generateAndWait({ prompt: 'an image there is' })
    const bob = await createClient(app, 'bob')
    const unknown = `g_${'0'.repeat(40)}`
    const others = await expectRefusal(notFound, method, path.replace(':id', hers.id), {}, bob)
    const nobodys = await expectRefusal(notFound, method, path.replace(':id', unknown), {}, bob)
    expect({ ...others.body, requestId: '' }).toEqual({ ...nobodys.body, requestId: '' })
  })

  test('image cannot be a condition image', async () => {
    const { body: hers } = await alice.generateAndWait({ prompt: 'an image there is' })
    const bob = await createClient(app, 'bob')
    const body = { prompt: 'mine now', conditionImage: hers.id }
    const path = '/api/visualize/generate'
    await expectRefusal(wrongField('/conditionImage'), 'POST', path, { body }, bob)
  })
})

describe('a query', () => {
  test.each([
    ['/api/generations?limit=0', '?limit'],
    ['/api/generations?limit=1&limit=2', '?limit'],
    ['/api/generations?cursor=garbage', '?cursor'],
    ['/api/generations?status=done', '?status'],
    ['/api/images?type=cat', '?type'],
    ['/api/images?limit=0', '?limit'],
    ['/api/images?cursor=%00', '?cursor'],
    [`/images/g_${'0'.repeat(40)}.AAAA?wait=soon`, '?wait'],
  ])('%s is refused', async (path, pointer) => {
    await expectRefusal(wrongField(pointer), 'GET', path)
  })

  test('with a cursor of a far future is answered', async () => {
    const cursor = Buffer.from(`999999999999999 g_${'f'.repeat(40)}`).toString('base64url')
    const { status } = await alice.call('GET', `/api/generations?cursor=${cursor}`)
    expect(status).toBe(200)
  })
})

describe('a path', () => {
  const notFound = { status: 404, code: 'not_found' }

  test.each([
    ['GET', '/nothing'],
    ['GET', '/api/nothing'],
    ['GET', '/images'],
    ['GET', '/images/nothing'],
    ['GET', '/images/..%2f..%2fpackage.json'],
    ['GET', `/images/g_${'0'.repeat(40)}`],
    ['GET', '/api/generations/nothing'],
    ['GET', '/api/generations/meta/events'],
    ['POST', '/api/generations/1/cancel'],
    ['DELETE', '/api/images/nothing'],
    ['GET', `/api/generations/${'a'.repeat(5_000)}`],
    ['GET', '/api/generations/%00'],
    ['GET', '/api/generations/%00/events'],
    ['POST', '/api/generations/g_%00/cancel'],
    ['DELETE', '/api/images/i_%00'],
    ['GET', '/images/%00'],
    ['GET', "/api/generations/'; drop table generations; --"],
  ])('%s %s that leads nowhere is not found', async (method, path) => {
    await expectRefusal(notFound, method, path)
  })

  test('that is not properly encoded is refused', async () => {
    await expectRefusal(
      { status: 400, code: 'invalid_request' },
      'GET',
      '/api/generations/%E0%A4%A',
    )
  })
})

test('a request id of the caller is answered only when it is a plain word', async () => {
  const plain = await alice.fail('GET', '/nothing', { headers: { 'X-Request-Id': 'my-id.1' } })
  expect(plain.body.requestId).toBe('my-id.1')
  const odd = await alice.fail('GET', '/nothing', { headers: { 'X-Request-Id': '<script>' } })
  expect(odd.body.requestId).not.toContain('<')
})

test('prompts, tokens, keys and image addresses never reach the logs', async () => {
  const logged = await startTestApp({ apis: 0, workers: 0 })
  const env = {
    NODE_ENV: 'test',
    PORT: '0',
    DATA_DIR: logged.dataDir,
    DATABASE_URL: logged.config.database.url ?? '',
    QUEUE_NAME: logged.config.queue.name,
    GEMINI_API_KEY: 'test-key',
    GEMINI_BASE_URL: logged.gemini.url,
    RETRY_BACKOFF_MS: '20',
    LOG_LEVEL: 'trace',
  }
  const programs = await Promise.all([startProgram(['api'], env), startProgram(['worker'], env)])
  const [api, worker] = programs
  try {
    await Promise.all([api.waitForOutput('listening'), worker.waitForOutput('working')])
    const url = /"url":"([^"]+)"/.exec(api.output())?.[1] ?? ''
    const client = await createClient({ url, token: logged.token })
    const { body } = await client.generateAndWait(
      { prompt: 'xylophone' },
      { 'Idempotency-Key': 'kazoo' },
    )
    expect(body.status).toBe('succeeded')
    await fetch(body.imageUrl)
    await client.fail('POST', '/api/visualize/generate', {
      body: { prompt: 'xylophone', lane: 'x' },
    })
    await client.fail('POST', '/api/visualize/generate', {
      body: '{"prompt": "xylophone',
      headers: { 'content-type': 'application/json' },
    })
    await client.fail('GET', '/api/generations/%00?prompt=xylophone')
    await client.fail('GET', '/xylophone')
    for (const kind of ['server_error', 'bad_request', 'text_only', 'garbage_body'] as const) {
      logged.gemini.behave({ kind: 'sequence', steps: [{ kind }, { kind: 'bad_request' }] })
      const failed = await client.generateAndWait({ prompt: `xylophone ${kind}` })
      expect(failed.body.status).toBe('failed')
    }
    const signature = /\.([\w-]+)\?/.exec(body.imageUrl)?.[1] ?? ''
    for (const program of programs) program.signal('SIGTERM')
    const outputs = await Promise.all(programs.map((program) => program.ended()))
    const said = outputs.map(({ out, err }) => out + err).join('')
    expect(said).toContain(body.id)
    for (const secret of [
      'xylophone',
      'kazoo',
      'test-key',
      signature,
      client.authorization.slice(7),
    ]) {
      expect(said).not.toContain(secret)
    }
  } finally {
    for (const program of programs) program.signal('SIGKILL')
    await Promise.all(programs.map((program) => program.ended()))
    await logged.stop()
  }
})
