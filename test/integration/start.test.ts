import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Generation } from '../../src/contract/generation.ts'
import { createTestDatabase } from '../support/database.ts'
import { findFreePort } from '../support/free-port.ts'
import { startByNpm } from '../support/npm.ts'
import { copyPreparedCluster } from '../support/prepared-cluster.ts'
import { type Program, startProgram } from '../support/program.ts'
import { findOnPath } from '../support/programs.ts'
import { describeWhen } from '../support/skip.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'
import { waitFor } from '../support/wait-for.ts'

const READY = 'Ctrl-C stops it'

let folder: TemporaryFolder
let env: Record<string, string>
let programs: Program[]

beforeEach(async () => {
  folder = await makeTemporaryFolder('start')
  env = { DATA_DIR: folder.path, PORT: String(await findFreePort()) }
  programs = []
})
afterEach(async () => {
  for (const program of programs) program.signal('SIGINT')
  await Promise.all(programs.map((program) => program.ended()))
  await folder.remove()
})

const start = async (overrides: Record<string, string> = {}): Promise<Program> => {
  const program = await startProgram(['start'], { ...env, ...overrides })
  programs.push(program)
  return program
}

const curl = async (program: Program): Promise<Generation> => {
  const line = /^curl .*$/m.exec(program.output())?.[0] ?? ''
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', line])
  return JSON.parse(stdout)
}

describeWhen(Boolean(findOnPath('curl')), 'no curl on the PATH', 'imageonce start', () => {
  test('prints a line that works when pasted, twice, and after a restart', async () => {
    const first = await start()
    await first.waitForOutput(READY)
    expect(first.output()).toContain(`http://127.0.0.1:${env.PORT}`)
    expect(first.output()).toContain(folder.path)
    expect(first.output()).toContain('local renderer')
    const made = await curl(first)
    expect(made).toMatchObject({ status: 'succeeded', isExisting: false, provider: 'local' })
    const again = await curl(first)
    expect(again).toMatchObject({ id: made.id, isExisting: true, reuse: { source: 'exact' } })

    first.signal('SIGINT')
    expect(await first.ended()).toMatchObject({ code: 0 })
    const second = await start()
    await second.waitForOutput(READY)
    expect(await curl(second)).toMatchObject({ id: made.id, isExisting: true })
    const image = await fetch(made.imageUrl)
    await image.arrayBuffer()
    expect(image.status).toBe(200)
    expect(image.headers.get('imageonce-placeholder')).toBeNull()
  })

  test('refuses to run twice on the same data, and leaves the first one working', async () => {
    await copyPreparedCluster(folder.path)
    const first = await start()
    await first.waitForOutput(READY)
    const second = await start({ PORT: '0' })
    const { code, err } = await second.ended()
    expect(code).toBe(1)
    expect(err).toContain('already running')
    expect(err).not.toContain('    at ')
    expect(await curl(first)).toMatchObject({ status: 'succeeded' })
  })

  test('goes on with what a killed one left', async () => {
    await copyPreparedCluster(folder.path)
    const first = await start()
    await first.waitForOutput(READY)
    const made = await curl(first)
    first.signal('SIGKILL')
    await first.ended()
    const second = await start()
    await second.waitForOutput(READY)
    expect(await curl(second)).toMatchObject({ id: made.id, isExisting: true })
  })

  test('says so when its port is taken', async () => {
    await copyPreparedCluster(folder.path)
    const first = await start()
    await first.waitForOutput(READY)
    const other = await makeTemporaryFolder('start')
    const second = await start({ DATA_DIR: other.path })
    const { code, err } = await second.ended()
    await other.remove()
    expect({ code, err }).toEqual({
      code: 1,
      err: `Port ${env.PORT} is taken: set PORT to a free one.\n`,
    })
  })
})

describe('a command with wrong settings', () => {
  test.each(['start', 'api', 'worker', 'migrate'])(
    '%s names every one and exits 1',
    async (name) => {
      const program = await startProgram([name], { ...env, PORT: 'x', REDIS_URL: 'http://redis' })
      const { code, err } = await program.ended()
      expect(code).toBe(1)
      expect(err).toContain('PORT must be')
      expect(err).toContain('REDIS_URL must be')
      expect(err).not.toContain('    at ')
    },
  )

  test('api without a database says how to get one', async () => {
    const { code, err } = await (await startProgram(['api'], env)).ended()
    expect(code).toBe(1)
    expect(err).toContain('DATABASE_URL is missing')
  })
})

describe('by npm', () => {
  let runs: Awaited<ReturnType<typeof startByNpm>>[]

  beforeEach(() => {
    runs = []
  })
  afterEach(async () => {
    for (const run of runs) await run.stop()
  })

  const run = async (script: string, changes: Record<string, string> = {}) => {
    const started = await startByNpm(script, { ...env, ...changes })
    runs.push(started)
    return started
  }

  /** What runs on the data or is left of making it. */
  const findLeftovers = async () => {
    const { stdout } = await promisify(execFile)('ps', ['-eo', 'args'])
    const running = stdout.split('\n').filter((line) => line.includes(folder.path))
    const files = await readdir(folder.path, { recursive: true })
    return [...running, ...files.filter((name) => /unfinished|postmaster\.pid/.test(name))]
  }

  test.each([1, 2])('Ctrl-C, which comes twice, stops all of it in order (%i)', async () => {
    await copyPreparedCluster(folder.path)
    const started = await run('start')
    await started.waitForOutput(READY)
    started.signalGroup('SIGINT')
    expect(await started.ended()).toBe(0)
    expect(started.output()).not.toContain('    at ')
    expect(await findLeftovers()).toEqual([])
  })

  test('Ctrl-C while the first start makes its database leaves nothing', async () => {
    const started = await run('start')
    const isMaking = async () => {
      const files = await readdir(join(folder.path, 'postgres')).catch(() => [])
      return files.some((name) => name.includes('unfinished'))
    }
    await waitFor(isMaking, { what: 'initdb' })
    started.signalGroup('SIGINT')
    expect(await started.ended()).toBe(0)
    expect(started.output()).not.toContain('    at ')
    expect(started.output()).not.toContain(READY)
    expect(await findLeftovers()).toEqual([])
  })

  test('SIGTERM of npm alone reaches the api', async () => {
    const database = await createTestDatabase()
    const started = await run('api', { DATABASE_URL: database.url, SHUTDOWN_GRACE_MS: '0' })
    await started.waitForOutput('listening')
    started.signal('SIGTERM')
    await started.ended()
    expect(started.output()).toContain('"stopping"')
    await database.drop()
  })
})
