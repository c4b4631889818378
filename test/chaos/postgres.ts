import { startEmbeddedPostgres } from '../../db/embedded/embedded-postgres.ts'
import { migrateToLatest } from '../../db/migrate.ts'
import { migrateQueue } from '../../src/adapters/queue/prepare.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'
import { makeTemporaryFolder } from '../support/temporary-folder.ts'

export type OwnPostgres = Awaited<ReturnType<typeof startOwnPostgres>>

/** A migrated Postgres of one's own that can be restarted, and a network before it that can fail. */
export const startOwnPostgres = async () => {
  const folder = await makeTemporaryFolder('own-postgres')
  const start = () => startEmbeddedPostgres({ dataDir: folder.path, settings: { fsync: 'off' } })
  let server = await start()
  const url = server.databaseUrl
  await migrateToLatest(url)
  await migrateQueue(url)
  const network = await startPostgresProxy(url)

  const restart = async (): Promise<void> => {
    await server.stop()
    server = await start()
    if (server.databaseUrl !== url) throw new Error('Postgres has come back somewhere else')
  }
  const stop = async (): Promise<void> => {
    await network.close()
    await server.stop()
    await folder.remove()
  }
  return { name: 'chaos-postgres', url, network, restart, stop }
}
