import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createDatabase } from '../../db/database.ts'
import { parseConfig } from '../../src/app/config.ts'
import { createDisposables } from '../../src/app/disposables.ts'
import { resolveSecrets } from '../../src/app/secrets.ts'
import { signToken } from '../../src/cli/token.ts'
import { createTestDatabase } from '../support/database.ts'
import { makeTemporaryFolder } from '../support/temporary-folder.ts'
import type { Environment } from './child.ts'
import { createFleet } from './fleet.ts'
import { startProvider } from './provider.ts'
import { startOwnRedis } from './redis.ts'
import type { Backend } from './result.ts'

export type Stack = Awaited<ReturnType<typeof assemble>>

/** `database`: the caller's to break and to drop; a new one of the test run's Postgres unless given. */
type StackOptions = {
  backend: Backend
  env?: Environment
  database?: { name: string; url: string }
}

/** How the harness's own connections to Postgres are told from those of the service. */
export const HARNESS_APPLICATION = 'chaos'

const DEFAULTS: Environment = {
  NODE_ENV: 'test',
  PORT: '0',
  GEMINI_API_KEY: 'test-key',
  AUTH_JWT_SECRET: 'a secret of the chaos suite and of nobody else',
  // Lapses soon after a process was killed, and not where a busy machine keeps one from running for a moment.
  LEASE_MS: '3000',
  SWEEP_INTERVAL_MS: '300',
  RETRY_BACKOFF_MS: '20',
  // Where every call is answered none may be given up.
  GENERATION_TIMEOUT_MS: '60000',
  SHUTDOWN_GRACE_MS: '10000',
  LOG_LEVEL: 'warn',
  RATE_LIMITS: 'off',
}

const open = new Set<() => Promise<void>>()

/**
 * Gives `use` a database, a queue, a folder and a provider of its own, and a way to start processes of the service on
 * them; kills what still runs and releases everything afterwards.
 */
export const withStack = async <T>(
  options: StackOptions,
  use: (stack: Stack) => Promise<T>,
): Promise<T> => {
  const failures: unknown[] = []
  const { push, releaseAll } = createDisposables((error) => failures.push(error))
  open.add(releaseAll)
  try {
    return await use(await assemble(options, push))
  } finally {
    await releaseAll()
    open.delete(releaseAll)
    if (failures.length > 0) console.error('not everything could be released', failures)
  }
}

/** For a harness that is interrupted. */
export const releaseOpenStacks = async (): Promise<void> => {
  await Promise.all([...open].map((releaseAll) => releaseAll()))
}

const assemble = async (
  { backend, env: changes = {}, database: given }: StackOptions,
  push: (release: () => unknown) => void,
) => {
  const folder = await makeTemporaryFolder('chaos')
  push(folder.remove)
  const marksFolder = join(folder.path, 'marks')
  await mkdir(marksFolder)
  const database = given ?? (await createDropped(push))
  const redis = backend === 'redis' ? await startOwnRedis() : undefined
  if (redis) push(redis.stop)
  const provider = await startProvider()
  push(provider.close)
  const env: Environment = {
    ...DEFAULTS,
    DATA_DIR: folder.path,
    DATABASE_URL: database.url,
    QUEUE_NAME: database.name,
    GEMINI_BASE_URL: provider.url,
    ...(redis && { REDIS_URL: redis.url }),
    ...changes,
  }
  const db = createDatabase({
    url: nameApplication(database.url),
    poolSize: 4,
    onIdleError: () => {},
  })
  push(() => db.destroy())

  const fleet = createFleet({ env, marksFolder })
  push(fleet.killAll)
  const config = parseConfig(env)
  const secrets = await resolveSecrets(config)
  const signTokenFor = (owner: string, admin = false) =>
    signToken(secrets, { owner, admin, days: 1 })

  return {
    ...fleet,
    backend,
    env,
    leaseMs: config.worker.leaseMs,
    db,
    redis,
    provider,
    marksFolder,
    signTokenFor,
  }
}

const createDropped = async (push: (release: () => unknown) => void) => {
  const database = await createTestDatabase()
  push(database.drop)
  return database
}

const nameApplication = (databaseUrl: string): string => {
  const url = new URL(databaseUrl)
  url.searchParams.set('application_name', HARNESS_APPLICATION)
  return url.href
}
