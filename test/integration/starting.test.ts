import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { createClient } from '../support/client.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { findFreePort } from '../support/free-port.ts'
import { type GeminiServer, startGeminiServer } from '../support/gemini-server.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'
import { type Program, startProgram } from '../support/program.ts'
import { findTestS3 } from '../support/s3-bucket.ts'
import { describeWith } from '../support/skip.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'
import { waitFor } from '../support/wait-for.ts'

let database: TestDatabase
let gemini: GeminiServer
let folder: TemporaryFolder
let env: Record<string, string>
let programs: Program[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  gemini = await startGeminiServer()
  folder = await makeTemporaryFolder('starting')
  env = {
    PORT: String(await findFreePort()),
    DATA_DIR: folder.path,
    DATABASE_URL: database.url,
    QUEUE_NAME: database.name,
    GEMINI_API_KEY: gemini.apiKey,
    GEMINI_BASE_URL: gemini.url,
  }
})
afterEach(async () => {
  for (const program of programs) program.signal('SIGKILL')
  await Promise.all(programs.map((program) => program.ended()))
  programs = []
})
afterAll(async () => {
  await gemini.close()
  await folder.remove()
  await database.drop()
})

const begin = async (name: string, changes: Record<string, string> = {}): Promise<Program> => {
  const program = await startProgram([name], { ...env, ...changes })
  programs.push(program)
  return program
}

/** All that a command says that does not start. */
const refusal = async (name: string, changes: Record<string, string>) => {
  const { code, out, err } = await (await begin(name, changes)).ended()
  return { code, out, err }
}

describe('a process that can’t do its work says why in a line for each reason, without a stack', () => {
  const NO_HOST = 'DATABASE_URL: (There is no host of that name|The name of its host)'

  test.each<[string, Record<string, string>, string]>([
    ['start', { DATABASE_URL: 'postgres://x@nowhere.invalid/x' }, NO_HOST],
    ['migrate', { DATABASE_URL: 'postgres://x@127.0.0.1:1/x' }, 'DATABASE_URL: Nothing listens'],
    ['worker', { GEMINI_API_KEY: 'mistyped' }, 'GEMINI_API_KEY: Gemini refuses the key.'],
    ['api', { HOST: '192.0.2.1' }, '192.0.2.1 is no address of this machine .*: set HOST to one'],
    [
      'worker',
      { METRICS_PORT: '0', METRICS_HOST: '192.0.2.1' },
      '192.0.2.1 is .*: set METRICS_HOST',
    ],
    ['api', { PUBLIC_URL: 'http://0.0.0.0' }, 'PUBLIC_URL: It is the address of no host.'],
    ['token', { DATA_DIR: '/dev/null/below' }, 'DATA_DIR: A part of its path is a file.'],
    ['relink', { DATABASE_URL: 'postgres://x@127.0.0.1:1/x' }, 'DATABASE_URL: Nothing listens'],
  ])('%s with %j', async (name, changes, said) => {
    const { code, err } = await refusal(name, changes)
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(`^${said}.*\n$`) })
  })

  test('every command with a database and a folder that are none', async () => {
    const url = new URL(database.url)
    url.pathname = '/no_such_database'
    const DATA_DIR = join('/dev/null', 'below')
    const lines = [
      'DATA_DIR: A part of its path is a file. Give a folder that this user may write to.',
      'DATABASE_URL: There is no database of that name. Create it, or correct the name.',
    ]
    const refusals = ['api', 'worker', 'start', 'migrate'].map(async (name) => {
      const { code, err } = await refusal(name, { DATABASE_URL: url.href, DATA_DIR })
      return { code, lines: err.trim().split('\n').slice(0, 2) }
    })
    const all = { code: 1, lines }
    const [, line] = lines
    expect(await Promise.all(refusals)).toEqual([all, all, all, { code: 1, lines: [line] }])
  })
})

describeWith('s3', 'a bucket that is mistyped', () => {
  test('is refused, and told by the doctor', async () => {
    const { endpoint = '', accessKeyId = '', secretAccessKey = '' } = findTestS3() ?? {}
    const store = {
      S3_ENDPOINT: endpoint,
      S3_BUCKET: 'mistyped',
      S3_ACCESS_KEY_ID: accessKeyId,
      S3_SECRET_ACCESS_KEY: secretAccessKey,
    }
    const found =
      'S3_BUCKET: There is no such bucket at S3_ENDPOINT. Create it, or correct the name.'
    const [api, doctor] = await Promise.all([refusal('api', store), refusal('doctor', store)])
    expect(api.code).toBe(1)
    expect(api.err).toContain(found)
    expect(doctor.code).toBe(1)
    expect(doctor.out).toContain(`WRONG   store     ${found}`)
    expect(doctor.out).toMatch(/^ok +database +DATABASE_URL: Postgres /m)
    expect(doctor.out).toMatch(/^ok +model +GEMINI_MODEL: /m)
  })
})

test('the doctor finds nothing wrong where nothing is', async () => {
  const { code, out } = await refusal('doctor', {})
  expect(out).toContain('All works.')
  expect(code).toBe(0)
})

test('an api whose key is refused still answers, and says so', async () => {
  const api = await begin('api', { GEMINI_API_KEY: 'mistyped' })
  await api.waitForOutput('listening')
  expect(api.output()).toContain('GEMINI_API_KEY: Gemini refuses the key.')
})

describeWith('redis', 'while Postgres is away at the start', () => {
  test('the api answers, the worker waits, and both go on when it is there', async () => {
    const proxy = await startPostgresProxy(database.url)
    const redis = { REDIS_URL: process.env.TEST_REDIS_URL ?? '', DATABASE_URL: proxy.url }
    try {
      await proxy.cut()
      const [api, worker] = await Promise.all([begin('api', redis), begin('worker', redis)])
      await api.waitForOutput('listening')
      await worker.waitForOutput('DATABASE_URL: Nothing listens')
      expect(api.output()).toContain('DATABASE_URL: Nothing listens at its host and port.')
      const url = `http://127.0.0.1:${env.PORT}`
      const { out } = await (await startProgram(['token'], env)).ended()
      const client = await createClient({ url, token: async () => out.trim() })
      const body = { prompt: 'before Postgres' }
      // Whose queue the one in Redis is, Postgres has not said yet.
      expect(await client.fail('POST', '/api/visualize/generate', { body })).toMatchObject({
        status: 503,
        body: { code: 'unavailable', isPlaceholder: true },
      })

      await proxy.mend()
      await worker.waitForOutput('working')
      await waitFor(
        async () => {
          const answer = await client.generate(body, { Prefer: 'wait=5' })
          return answer.status === 200 && answer.body.status === 'succeeded'
        },
        { what: 'the image' },
      )
      expect(gemini.countCalls('before Postgres')).toBe(1)
    } finally {
      for (const program of programs) program.signal('SIGKILL')
      await proxy.mend()
      await proxy.close()
    }
  })
})
