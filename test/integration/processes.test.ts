import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { describeEachBackend } from '../support/each-backend.ts'
import { findFreePort } from '../support/free-port.ts'
import { type GeminiServer, startGeminiServer } from '../support/gemini-server.ts'
import { type Program, startProgram } from '../support/program.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'

describeEachBackend('api and worker as processes of their own', (backend) => {
  let database: TestDatabase
  let gemini: GeminiServer
  let folder: TemporaryFolder
  let env: Record<string, string>
  let programs: Program[] = []

  beforeAll(async () => {
    database = await createTestDatabase()
    gemini = await startGeminiServer()
    folder = await makeTemporaryFolder('processes')
    const port = String(await findFreePort())
    env = {
      PORT: port,
      DATA_DIR: folder.path,
      DATABASE_URL: database.url,
      GEMINI_API_KEY: gemini.apiKey,
      GEMINI_BASE_URL: gemini.url,
      IMAGEONCE_URL: `http://127.0.0.1:${port}`,
      SHUTDOWN_GRACE_MS: '3000',
      QUEUE_NAME: database.name,
      ...(backend === 'redis' && { REDIS_URL: process.env.TEST_REDIS_URL ?? '' }),
    }
  })
  afterEach(async () => {
    for (const program of programs) program.signal('SIGKILL')
    await Promise.all(programs.map((program) => program.ended()))
    programs = []
    gemini.reset()
  })
  afterAll(async () => {
    await gemini.close()
    await folder.remove()
    await database.drop()
  })

  const run = async (name: 'api' | 'worker'): Promise<Program> => {
    const program = startProgram([name], env)
    programs.push(program)
    await program.waitForOutput(name === 'api' ? 'listening' : 'working')
    return program
  }
  const generate = (...args: string[]) => startProgram(['generate', ...args], env).ended()

  test('the command line shows each state, ends with the URL and saves the picture', async () => {
    await Promise.all([run('api'), run('worker')])
    const photo = join(folder.path, 'photo.png')
    const background = { r: 200, g: 30, b: 30 }
    await sharp({ create: { width: 40, height: 30, channels: 3, background } })
      .png()
      .toFile(photo)
    const out = join(folder.path, 'bike.webp')
    const done = await generate(
      'a red bicycle',
      '--condition',
      photo,
      '--aspect',
      '16:9',
      '--out',
      out,
    )
    expect(done).toMatchObject({ code: 0 })
    expect(done.err).toMatch(/queued[\s\S]*succeeded/)
    expect(done.out.trim()).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/images\/g_\w+\.[\w-]+\?v=\w+$/)
    expect((await sharp(await readFile(out)).metadata()).format).toBe('webp')
    expect(gemini.countCalls()).toBe(1)
  })

  test('the command line exits 1 with the reason when there is no image', async () => {
    await Promise.all([run('api'), run('worker')])
    gemini.behave({ kind: 'prompt_blocked', reason: 'PROHIBITED_CONTENT' })
    const refused = await generate('something refused')
    expect(refused.code).toBe(1)
    expect(refused.err).toContain('refused_prompt')
    expect(refused.err).not.toContain('    at ')
    const wrong = await generate('x', '--model', 'no-such-model')
    expect(wrong).toMatchObject({ code: 1 })
    expect(wrong.err).toContain('must be one of')
  })

  test('SIGTERM lets a running call finish, and both exit 0', async () => {
    const [api, worker] = await Promise.all([run('api'), run('worker')])
    gemini.behave({ kind: 'delay', ms: 1_000 })
    const generating = generate('a slow sunrise')
    await gemini.waitForCall()
    worker.signal('SIGTERM')
    expect(await worker.ended()).toMatchObject({ code: 0 })
    expect(await generating).toMatchObject({ code: 0 })
    api.signal('SIGTERM')
    expect(await api.ended()).toMatchObject({ code: 0 })
    expect(gemini.countCalls()).toBe(1)
  })

  test('a killed worker leaves its generation to another one', async () => {
    env.LEASE_MS = '1000'
    const [, worker] = await Promise.all([run('api'), run('worker')])
    gemini.behave({ kind: 'sequence', steps: [{ kind: 'hang' }, { kind: 'image' }] })
    const generating = generate('a phoenix')
    await gemini.waitForCall()
    worker.signal('SIGKILL')
    await worker.ended()
    await run('worker')
    expect(await generating).toMatchObject({ code: 0 })
    expect(gemini.countCalls()).toBe(2)
  }, 60_000)

  test('logs carry request and generation ids, and neither prompts nor tokens', async () => {
    const [api, worker] = await Promise.all([run('api'), run('worker')])
    const { out } = await generate('a very private prompt')
    const id = /g_\w{40}/.exec(out)?.[0] ?? 'none'
    const logs = api.output() + worker.output()
    expect(logs).toContain(id)
    expect(logs).toContain('requestId')
    expect(logs).not.toContain('private')
    expect(logs).not.toMatch(/eyJ|Bearer|test-key/)
    expect(logs).not.toContain(/\.([\w-]+)\?v=/.exec(out)?.[1])
  })
})
