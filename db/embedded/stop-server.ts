import { rmdir } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { OpenServer } from './connect.ts'
import { findPostmaster } from './postmaster.ts'
import { isAlive, signalProcess } from './processes.ts'
import { runProgram } from './run-program.ts'
import { logPath } from './server-process.ts'
import type { Site } from './site.ts'

const FAST_TIMEOUT_MS = 15_000
const IMMEDIATE_TIMEOUT_MS = 10_000
const POLL_MS = 10

/**
 * Shuts a server down: fast, which saves everything, or when that takes too long at once, and it recovers
 * at its next start.
 */
export const stopServer = async (site: Site, { pid, address }: OpenServer): Promise<void> => {
  await askToStop(site, pid, 'fast')
  if (!(await endsWithin(site, pid, FAST_TIMEOUT_MS))) {
    await askToStop(site, pid, 'immediate')
    if (!(await endsWithin(site, pid, IMMEDIATE_TIMEOUT_MS))) {
      throw new Error(`Postgres (process ${pid}) does not stop: see ${logPath(site.home)}`)
    }
  }
  if (address.socketFolder) await rmdir(address.socketFolder).catch(() => {})
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
