import { startEmbeddedPostgres } from '../db/embedded/embedded-postgres.ts'
import { migrateToLatest } from '../db/migrate.ts'
import { migrateQueue } from '../src/adapters/queue/prepare.ts'
import type { Disposables } from '../src/app/disposables.ts'
import { highRates } from '../test/support/rates.ts'
import { makeTemporaryFolder } from '../test/support/temporary-folder.ts'
import { startRedis } from '../test/support/test-redis.ts'
import type { Environment } from './programs.ts'

export type Services = { databaseUrl: string; redisUrl: string | undefined }

/** A Postgres of our own with every commit on disk, as in production, and a Redis where there is one. */
export const startServices = async (push: Disposables['push']): Promise<Services> => {
  const folder = await makeTemporaryFolder('bench')
  push(folder.remove)
  const postgres = await startEmbeddedPostgres({ dataDir: folder.path })
  push(postgres.stop)
  await migrateToLatest(postgres.databaseUrl)
  await migrateQueue(postgres.databaseUrl)
  const environment: NodeJS.ProcessEnv = {}
  for (const release of await startRedis(environment)) push(release)
  return { databaseUrl: postgres.databaseUrl, redisUrl: environment.TEST_REDIS_URL }
}

export const JWT_SECRET = 'a secret of the benchmark and of nobody else'

/** As an operator sets it. The image store and the model are never reached: nothing that is timed needs them. */
export const productionEnvironment = ({ databaseUrl, redisUrl }: Services): Environment => ({
  NODE_ENV: 'production',
  LOG_LEVEL: 'info',
  PUBLIC_URL: 'http://127.0.0.1',
  // One address asks for thousands a second. Counted all the same, as in production.
  RATE_LIMITS: highRates(),
  DATABASE_URL: databaseUrl,
  ...(redisUrl && { REDIS_URL: redisUrl }),
  AUTH_JWT_SECRET: JWT_SECRET,
  GEMINI_API_KEY: 'unused',
  S3_ENDPOINT: 'http://127.0.0.1:9',
  S3_BUCKET: 'unused',
  S3_ACCESS_KEY_ID: 'unused',
  S3_SECRET_ACCESS_KEY: 'unused',
})
