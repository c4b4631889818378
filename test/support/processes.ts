import { afterAll, afterEach, beforeAll } from '@jest/globals'
import { createTestDatabase, type TestDatabase } from './database.ts'
import { findFreePort } from './free-port.ts'
import { type GeminiServer, startGeminiServer } from './gemini-server.ts'
import { type Program, startProgram } from './program.ts'
import { makeTemporaryFolder, type TemporaryFolder } from './temporary-folder.ts'

type Environment = Record<string, string>

/**
 * API and worker as processes of their own, for the tests of a suite, with a database, a folder and a provider's
 * stand-in that they share. What a test starts ends with it.
 */
export const useProcesses = (backend: 'redis' | 'postgres') => {
  let database: TestDatabase
  let gemini: GeminiServer
  let folder: TemporaryFolder
  let env: Environment
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

  /** Resolves when it is ready. */
  const run = async (name: 'api' | 'worker', changes: Environment = {}): Promise<Program> => {
    const program = await startProgram([name], { ...env, ...changes })
    programs.push(program)
    await program.waitForOutput(name === 'api' ? 'listening' : 'working')
    return program
  }
  /** Runs a command of `imageonce` to its end. */
  const execute = async (...args: string[]) => (await startProgram(args, env)).ended()

  return {
    gemini: () => gemini,
    folder: () => folder.path,
    url: () => env.IMAGEONCE_URL ?? '',
    databaseUrl: () => database.url,
    run,
    execute,
  }
}
