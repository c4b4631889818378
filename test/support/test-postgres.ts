import { startEmbeddedPostgres } from '../../db/embedded/embedded-postgres.ts'
import { migrateToLatest } from '../../db/migrate.ts'
import { migrateQueue } from '../../src/adapters/queue/prepare.ts'
import { createDatabase } from './database.ts'
import type { Release } from './services.ts'
import { makeTemporaryFolder } from './temporary-folder.ts'

/** The Postgres of a test run, with a migrated database to make others from. */
export const startPostgres = async (environment: NodeJS.ProcessEnv): Promise<Release[]> => {
  const { url, release } = environment.TEST_DATABASE_URL
    ? { url: environment.TEST_DATABASE_URL, release: async () => {} }
    : await startOurOwn()
  try {
    const template = await createDatabase(url)
    await migrateToLatest(template.url)
    await migrateQueue(template.url)
    environment.TEST_DATABASE_URL = url
    environment.TEST_TEMPLATE_DATABASE = template.name
    return [() => template.drop().finally(release)]
  } catch (error) {
    await release()
    throw error
  }
}

/** Nothing in it outlives the run, so it need not reach the disk, and its statements are too short to be compiled. */
const SETTINGS = {
  fsync: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  jit: 'off',
  max_connections: '300',
}

const startOurOwn = async () => {
  const folder = await makeTemporaryFolder('postgres')
  try {
    const postgres = await startEmbeddedPostgres({ dataDir: folder.path, settings: SETTINGS })
    return { url: postgres.databaseUrl, release: () => postgres.stop().finally(folder.remove) }
  } catch (error) {
    await folder.remove()
    throw error
  }
}
