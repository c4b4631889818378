import { join } from 'node:path'
import { StartError } from '../../src/lib/errors.ts'
import { findBinaries, makeRunnable } from './binaries.ts'
import { ensureCluster, ensureDatabase } from './cluster.ts'
import type { OpenServer } from './connect.ts'
import { type LockWatch, takeLock, watchLock } from './instance-lock.ts'
import { chooseLocation } from './location.ts'
import { findServer, openServer } from './server.ts'
import { logPath } from './server-process.ts'
import type { Site } from './site.ts'
import { stopServer } from './stop-server.ts'
import { connectionUrl } from './transport.ts'

export type EmbeddedPostgresOptions = {
  /** The cluster lives in its folder `postgres`, unless the note says otherwise. */
  dataDir: string
  /** Called once when the server went away without `stop()`: nothing keeps other processes out any more. */
  onLost?: (error: Error) => void
  /** Gives the start up at its next step, and leaves nothing running. */
  signal?: AbortSignal | undefined
  /** Server settings on top of the built-in ones. */
  settings?: Record<string, string>
}

export type EmbeddedPostgres = {
  databaseUrl: string
  /** The folder that holds the cluster and the server's log. */
  location: string
  /** What the operator should know, such as why the cluster is not in the data directory. */
  note?: string
  /** Shuts the server down; may be called again. */
  stop(): Promise<void>
}

const DATABASE_NAME = 'imageonce'
const MAX_ATTEMPTS = 5

/**
 * Starts the Postgres that npm installed, or adopts the one that a killed process left running on the same
 * data, and keeps it for this process alone. Throws `StartError` when that cannot be had, and the signal's reason.
 */
export const startEmbeddedPostgres = async ({
  dataDir,
  onLost = () => {},
  signal,
  settings = {},
}: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> => {
  const installed = await findBinaries()
  const { home, user, note: locationNote } = await chooseLocation(dataDir)
  const { binaries, note: binariesNote } = await makeRunnable(installed, home, user)
  const site: Site = { home, dataPath: join(home, 'data'), binaries, user }
  signal?.throwIfAborted()
  await ensureCluster(site)
  signal?.throwIfAborted()

  const server = await occupy(site, dataDir, settings, signal)
  const watch = watchLock(server, onLost)
  try {
    await ensureDatabase(server.client, DATABASE_NAME)
    signal?.throwIfAborted()
  } catch (error) {
    await stop(site, server, watch)
    throw error
  }
  const note = [locationNote, binariesNote].filter((text) => text !== undefined).join(' ')
  let stopped: Promise<void> | undefined
  return {
    databaseUrl: await connectionUrl(home, server.address, DATABASE_NAME),
    location: home,
    ...(note !== '' && { note }),
    stop: () => {
      stopped ??= stop(site, server, watch)
      return stopped
    },
  }
}

/** Starts the server anew when the one we met was just being stopped by its owner. */
const occupy = async (
  site: Site,
  dataDir: string,
  settings: Record<string, string>,
  signal: AbortSignal | undefined,
): Promise<OpenServer> => {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const server = await openServer(site, settings, signal)
    const outcome = await takeLock(server.client)
    if (outcome === 'taken') return server
    await server.client.end().catch(() => {})
    if (outcome !== 'server gone') {
      const message = `imageonce is already running on ${dataDir} (process ${outcome.holderPid}): stop that one, or set DATA_DIR to another folder.`
      throw new StartError(message)
    }
  }
  throw new StartError(`The embedded Postgres keeps going away: see ${logPath(site.home)}`)
}

/** The lock goes with the server: given back before, another process could take a server about to stop. */
const stop = async (site: Site, server: OpenServer, watch: LockWatch) => {
  watch.end()
  const ours = watch.isLost() ? await reclaim(site) : server
  if (ours) await stopServer(site, ours)
  await ours?.client.end().catch(() => {})
}

/** After a crash the server may be up again, and another process's. */
const reclaim = async (site: Site): Promise<OpenServer | undefined> => {
  const server = await findServer(site)
  if (!server || (await takeLock(server.client)) === 'taken') return server
  await server.client.end().catch(() => {})
  return undefined
}
