import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { findFreePort } from '../support/free-port.ts'
import { type GeminiServer, startGeminiServer } from '../support/gemini-server.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'
import { createTestBucket } from '../support/s3-bucket.ts'
import { waitFor } from '../support/wait-for.ts'
import { type Container, createContainers } from './containers.ts'
import { buildImage, findEngine, sizeOf } from './engine.ts'

/*
 * The Dockerfile, built and run as a production would: `npm run test:container`. Needs docker or podman, and the tests' Postgres,
 * Redis and S3 server; the containers reach them on the host's network.
 */

const IMAGE = 'imageonce-container-test'
const MAX_OVER_BASE_BYTES = 250_000_000
const CALL_MS = 60_000

const engine = await findEngine()
if (!engine) throw new Error('Neither docker nor podman answers: there is nothing to test with.')

let database: TestDatabase
let postgres: Awaited<ReturnType<typeof startPostgresProxy>>
let gemini: GeminiServer
let containers: ReturnType<typeof createContainers>
let api: Container
let worker: Container
let url: string

beforeAll(async () => {
  await buildImage(engine, IMAGE)
  gemini = await startGeminiServer()
  // Empty: the migrations run in a container.
  database = await createDatabase(process.env.TEST_DATABASE_URL ?? '')
  // The tests' own has a socket only, in a folder of this machine.
  postgres = await startPostgresProxy(database.url)
  const { endpoint, bucket, region, accessKeyId, secretAccessKey } = await createTestBucket()
  const port = String(await findFreePort())
  url = `http://127.0.0.1:${port}`
  containers = createContainers(engine, IMAGE, {
    PORT: port,
    PUBLIC_URL: url,
    DATABASE_URL: postgres.url,
    REDIS_URL: process.env.TEST_REDIS_URL ?? '',
    QUEUE_NAME: database.name,
    S3_ENDPOINT: endpoint,
    S3_BUCKET: bucket,
    S3_REGION: region,
    S3_ACCESS_KEY_ID: accessKeyId,
    S3_SECRET_ACCESS_KEY: secretAccessKey,
    GEMINI_API_KEY: gemini.apiKey,
    GEMINI_BASE_URL: gemini.url,
    AUTH_JWT_SECRET: randomBytes(24).toString('hex'),
    IMAGEONCE_URL: url,
  })
  await containers.execute(['migrate'])
  ;[api, worker] = await Promise.all([containers.start('api'), containers.start('worker')])
  await Promise.all([api.waitForLog('listening'), worker.waitForLog('working')])
})

afterAll(async () => {
  await containers?.removeAll()
  await gemini?.close()
  await postgres?.close()
  await database?.drop()
})

/** As an operator would type it, with a token that is made there. */
const generate = async (prompt: string): Promise<string> => {
  const IMAGEONCE_TOKEN = await containers.execute(['token', '--owner', 'docker'])
  return containers.execute(['generate', prompt], { IMAGEONCE_TOKEN })
}

describe('the image', () => {
  test('is less than 250 MB larger than what it is built on', async () => {
    const [, base = ''] = /^FROM (\S+)\s*$/m.exec(await readFile('Dockerfile', 'utf8')) ?? []
    const [whole, below] = await Promise.all([sizeOf(engine, IMAGE), sizeOf(engine, base)])
    expect(below).toBeGreaterThan(0)
    expect(whole - below).toBeLessThan(MAX_OVER_BASE_BYTES)
  })

  test('runs as nobody in particular, and can write its data alone', async () => {
    expect(Number(await containers.run(['id', '-u']))).toBeGreaterThan(0)
    await expect(containers.run(['touch', '/app/dist/x'])).rejects.toThrow(/Read-only file system/)
    await expect(containers.run(['touch', '/data/x'])).resolves.toBe('')
  })

  test('has no source, test or key in it', async () => {
    const names = (await containers.run(['ls', '-a', '/app'])).split('\n')
    expect(names.filter((name) => !/^\.{1,2}$/.test(name)).sort()).toEqual([
      ...['dist', 'node_modules', 'package.json'],
    ])
  })
})

describe('containers of it', () => {
  test('migrate again without harm, and say which schema there is', async () => {
    await expect(containers.execute(['migrate'])).resolves.toMatch(/nothing|up to date|newest/i)
  })

  test('make a picture once, however often it is asked for', async () => {
    const first = await generate('a lighthouse in a container')
    expect(first).toMatch(/^http/)
    expect(await generate('a lighthouse in a container')).toBe(first)
    expect((await fetch(first)).headers.get('content-type')).toMatch(/^image\//)
    expect(gemini.countCalls()).toBe(1)
  })

  test('are healthy by the health check of docker-compose.yml', async () => {
    const compose = parse(await readFile('docker-compose.yml', 'utf8'), { merge: true })
    const [kind, ...command] = compose.services.api.healthcheck.test as string[]
    expect(kind).toBe('CMD')
    const { port } = new URL(url)
    const words = command.map((word) => word.replace('127.0.0.1:3000', `127.0.0.1:${port}`))
    await expect(containers.run(words)).resolves.toBe('')
    const elsewhere = command.map((word) => word.replace('127.0.0.1:3000', '127.0.0.1:1'))
    await expect(containers.run(elsewhere)).rejects.toThrow()
  })

  test('say one line each that names the setting when something is missing', async () => {
    const refused = await containers.start('worker', { DATABASE_URL: '', S3_ENDPOINT: '' })
    await waitFor(async () => (await refused.inspect('{{.State.Running}}')) === 'false', {
      what: 'the worker to end',
    })
    expect(await refused.exitCode()).toBe(1)
    expect(await refused.output()).toMatch(/DATABASE_URL[\s\S]*S3_ENDPOINT/)
  })

  test('finish a call of a minute before they stop, and never need more than 512 MB', async () => {
    gemini.behave({ kind: 'delay', ms: CALL_MS })
    const generating = generate('a slow tide')
    // Whichever is first: a command that fails makes no call.
    await Promise.race([gemini.waitForCall(({ prompt }) => prompt.includes('tide')), generating])
    await worker.stop(170)
    expect(await worker.exitCode()).toBe(0)
    expect(await worker.inspect('{{.State.OOMKilled}}')).toBe('false')
    expect(await generating).toMatch(/^http/)
    expect(gemini.countCalls('tide')).toBe(1)
    await api.stop(30)
    expect(await api.exitCode()).toBe(0)
    expect(await api.inspect('{{.State.OOMKilled}}')).toBe('false')
  })
})
