import { rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import type { OpenServer } from './connect.ts'
import { findPostmaster } from './postmaster.ts'
import { isAlive, signalProcess } from './processes.ts'
import { runProgram } from './run-program.ts'
import { logPath } from './server-process.ts'
import type { Site } from './site.ts'

const OTHERS_TIMEOUT_MS = 500
const FAST_TIMEOUT_MS = 15_000
const IMMEDIATE_TIMEOUT_MS = 10_000
const POLL_MS = 10

/**
 * Shuts a server down: fast, which saves everything, or when that takes too long at once, and it recovers
 * at its next start.
 */
export const stopServer = async (site: Site, server: OpenServer): Promise<void> => {
  const { client, pid, address } = server
  await untilOthersLeft(client).catch(() => {})
  await askToStop(site, pid, 'fast')
  if (!(await endsWithin(site, pid, FAST_TIMEOUT_MS))) {
    await askToStop(site, pid, 'immediate')
    if (!(await endsWithin(site, pid, IMMEDIATE_TIMEOUT_MS))) {
      throw new Error(`Postgres (process ${pid}) does not stop: see ${logPath(site.home)}`)
    }
  }
  await tidyUp(site, address.socketFolder)
}

/** Within the data the folder stays: the next start may be looking at it at this moment. */
const tidyUp = async ({ home }: Site, socketFolder: string | undefined): Promise<void> => {
  if (!socketFolder || dirname(socketFolder) === home) return
  await rmdir(socketFolder).catch(() => {})
}

/** A pool that was just ended closes its connections a moment later; cut off, they would raise errors. */
const untilOthersLeft = async (client: pg.Client) => {
  const deadline = Date.now() + OTHERS_TIMEOUT_MS
  while (Date.now() < deadline) {
    const { rowCount } = await client.query(
      `select from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`,
    )
    if (rowCount === 0) return
    await delay(POLL_MS)
  }
}

/** On Windows signals kill, so the server is asked through its own tool. */
const askToStop = async (site: Site, pid: number, mode: 'fast' | 'immediate') => {
  if (process.platform === 'win32') {
    await runProgram(site.binaries.pgCtl, ['stop', '-W', '-D', site.dataPath, '-m', mode])
  } else {
    signalProcess(pid, mode === 'fast' ? 'SIGINT' : 'SIGQUIT')
  }
}

const endsWithin = async ({ dataPath }: Site, pid: number, timeoutMs: number) => {
  const deadline = Date.now() + timeoutMs
  while (isAlive(pid)) {
    if (Date.now() > deadline) return (await findPostmaster(dataPath))?.pid !== pid
    await delay(POLL_MS)
  }
  return true
}
