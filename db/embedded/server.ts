import { rm } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { messageOf, StartError } from '../../src/lib/errors.ts'
import { connect, type OpenServer } from './connect.ts'
import { findPostmaster, type Postmaster, pidFilePath } from './postmaster.ts'
import { isAlive, mayServe } from './processes.ts'
import { logPath, type ServerProcess, spawnServer } from './server-process.ts'
import type { Site } from './site.ts'

/** Long enough for the recovery of a large log after a crash. */
const START_TIMEOUT_MS = 60_000
const POLL_MS = 20
const LOST_RACE_DELAY_MS = 250

/** Connects to the server of a cluster, which it starts unless it runs. Throws the signal's reason, and stops what it started then. */
export const openServer = async (
  site: Site,
  settings: Record<string, string>,
  signal?: AbortSignal,
): Promise<OpenServer> => {
  const deadline = Date.now() + START_TIMEOUT_MS
  let lastError: unknown
  let spawned: ServerProcess | undefined
  while (Date.now() < deadline) {
    if (signal?.aborted) {
      spawned?.kill()
      while (spawned?.isRunning()) await delay(POLL_MS)
      throw signal.reason
    }
    const postmaster = await findRunning(site.dataPath)
    if (postmaster?.address) {
      try {
        return await connect(site.home, postmaster.pid, postmaster.address)
      } catch (error) {
        // It is starting, recovering or shutting down.
        lastError = error
      }
    } else if (!postmaster && !spawned?.isRunning()) {
      if (spawned) {
        await spawned.assertLostRace()
        await delay(LOST_RACE_DELAY_MS)
      }
      spawned = await spawnServer(site, settings)
    }
    await delay(POLL_MS)
  }
  spawned?.kill()
  throw new StartError(
    `The embedded Postgres does not answer (${messageOf(lastError)}): see ${logPath(site.home)}`,
  )
}

/** Connects to the server of a cluster if it runs and answers. */
export const findServer = async (site: Site): Promise<OpenServer | undefined> => {
  const postmaster = await findRunning(site.dataPath)
  if (!postmaster?.address) return undefined
  return connect(site.home, postmaster.pid, postmaster.address).catch(() => undefined)
}

/** Removes the lock file of a server that was killed, when another program has its process id by now. */
const findRunning = async (dataPath: string): Promise<Postmaster | undefined> => {
  const postmaster = await findPostmaster(dataPath)
  if (!postmaster || !isAlive(postmaster.pid)) return undefined
  if (await mayServe(postmaster.pid, dataPath)) return postmaster
  await rm(pidFilePath(dataPath), { force: true })
  return undefined
}
