import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createDatabase } from '../../db/database.ts'
import { signToken } from '../../src/cli/token.ts'
import { parseConfig } from '../../src/config.ts'
import { createReleases } from '../../src/releases.ts'
import { resolveSecrets } from '../../src/secrets.ts'
import { createTestDatabase } from '../support/database.ts'
import { makeTemporaryFolder } from '../support/temporary-folder.ts'
import { type Child, type Environment, startChild } from './child.ts'
import type { KillPoint } from './kill-point.ts'
import { startProvider } from './provider.ts'
import { startOwnRedis } from './redis.ts'
import type { Backend } from './result.ts'

export type Api = Child & { url: string }
export type Stack = Awaited<ReturnType<typeof startStack>>

type StackOptions = { backend: Backend; env?: Environment }
type StartOptions = { killAt?: KillPoint; env?: Environment }

/** How the harness's own connections to Postgres are told from those of the service. */
export const HARNESS_APPLICATION = 'chaos'

const DEFAULTS: Environment = {
  NODE_ENV: 'test',
  PORT: '0',
  GEMINI_API_KEY: 'test-key',
  AUTH_JWT_SECRET: 'a secret of the chaos suite, for nobody else',
  LEASE_MS: '1500',
  SWEEP_INTERVAL_MS: '300',
  RETRY_BACKOFF_MS: '20',
  GENERATION_TIMEOUT_MS: '5000',
  SHUTDOWN_GRACE_MS: '3000',
  LOG_LEVEL: 'warn',
}

/**
 * A database, a queue, a folder and a provider of its own, and processes of the service on them, started as asked
 * for. `stop` kills what still runs and releases everything.
 */
export const startStack = async ({ backend, env: changes = {} }: StackOptions) => {
  const failures: unknown[] = []
  const { push, releaseAll } = createReleases((error) => failures.push(error))
  const stop = async () => {
    await releaseAll()
    if (failures.length > 0) throw new AggregateError(failures, 'not everything could be released')
  }
  try {
    return { ...(await assemble(backend, changes, push)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

const assemble = async (
  backend: Backend,
  changes: Environment,
  push: (release: () => unknown) => void,
) => {
  const folder = await makeTemporaryFolder('chaos')
  push(folder.remove)
  const marksFolder = join(folder.path, 'marks')
  await mkdir(marksFolder)
  const database = await createTestDatabase()
  push(database.drop)
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

  const children = new Set<Child>()
  const crashes: string[] = []
  const watch = async (child: Child, isArmed: boolean) => {
    children.add(child)
    const { code, signal } = await child.ended
    children.delete(child)
    if (!isArmed && !child.isToEnd())
      crashes.push(`${child.name} ended (${signal ?? code}): ${child.said()}`)
  }
  push(() => Promise.all([...children].map((child) => child.kill())))
  const start = async (name: 'api' | 'worker', options: StartOptions): Promise<Child> => {
    const armed = options.killAt && { CHAOS_KILL_AT: options.killAt, CHAOS_MARKS: marksFolder }
    const child = await startChild(name, { ...env, ...armed, ...options.env })
    void watch(child, options.killAt !== undefined)
    return child
  }

  const apis = new Set<Api>()
  /** Resolves when it listens. Clients find it among `apis` unless it is armed. */
  const startApi = async (options: StartOptions = {}): Promise<Api> => {
    const child = await start('api', options)
    const api = { ...child, url: await child.untilReady() }
    if (!options.killAt) {
      apis.add(api)
      void api.ended.then(() => apis.delete(api))
    }
    return api
  }

  const workers = new Set<Child>()
  /** Resolves at once: an armed worker may never get so far as to be ready. */
  const startWorker = async (options: StartOptions = {}): Promise<Child> => {
    const worker = await start('worker', options)
    workers.add(worker)
    void worker.ended.then(() => workers.delete(worker))
    return worker
  }

  const config = parseConfig(env)
  const secrets = await resolveSecrets(config)
  const signTokenFor = (owner: string) => signToken(secrets, { owner, admin: false, days: 1 })

  return {
    backend,
    env,
    leaseMs: config.worker.leaseMs,
    db,
    redis,
    provider,
    marksFolder,
    apis: apis as ReadonlySet<Api>,
    workers: workers as ReadonlySet<Child>,
    /** The processes that ended though nobody told them to, with the last they said. */
    crashes: crashes as readonly string[],
    startApi,
    startWorker,
    signTokenFor,
  }
}

const nameApplication = (databaseUrl: string): string => {
  const url = new URL(databaseUrl)
  url.searchParams.set('application_name', HARNESS_APPLICATION)
  return url.href
}
