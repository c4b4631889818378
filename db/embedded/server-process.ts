import { spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { type FileHandle, open, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { StartError } from '../../src/lib/errors.ts'
import { identityOf, PROGRAM_ENVIRONMENT } from './run-program.ts'
import type { Site } from './site.ts'
import { prepareTransport } from './transport.ts'

/** Small, and enough for a machine of one; what keeps data safe (fsync and the like) stays as it is. */
const SETTINGS = { shared_buffers: '32MB', max_connections: '100' }

export type ServerProcess = {
  isRunning(): boolean
  /** Throws `StartError` with what the server logged, unless it ended because another one was faster. */
  assertLostRace(): Promise<void>
  kill(): void
}

export const logPath = (home: string): string => join(home, 'postgres.log')

/** Starts a server that outlives us; in a session of its own, so that Ctrl-C reaches only us. */
export const spawnServer = async (
  site: Site,
  settings: Record<string, string>,
): Promise<ServerProcess> => {
  const transport = await prepareTransport(site.home, site.user)
  const { file, args } = commandOf(site, { ...SETTINGS, ...transport, ...settings })
  const log = await openLog(site)
  const logStart = (await log.stat()).size
  const child = spawn(file, args, {
    cwd: '/',
    env: PROGRAM_ENVIRONMENT,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    ...identityOf(site.user),
  })
  let isRunning = true
  let spawnError: Error | undefined
  child.once('exit', () => {
    isRunning = false
  })
  child.once('error', (error) => {
    isRunning = false
    spawnError = error
  })
  child.unref()
  await log.close()
  return {
    isRunning: () => isRunning,
    assertLostRace: async () => {
      const logged = (await readFile(logPath(site.home))).subarray(logStart).toString()
      if (/lock file|shared memory block/.test(logged)) return
      const reason = spawnError?.message ?? logged.trim()
      throw new StartError(`The embedded Postgres does not start: ${reason}`, { cause: spawnError })
    },
    kill: () => child.kill('SIGINT'),
  }
}

const commandOf = ({ dataPath, binaries }: Site, settings: Record<string, string>) => {
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  if (process.platform !== 'win32') {
    return { file: binaries.postgres, args: ['-D', dataPath, ...options] }
  }
  // Started directly, postgres.exe refuses an administrator's account; pg_ctl gives those rights up.
  return { file: binaries.pgCtl, args: ['start', '-D', dataPath, '-o', options.join(' ')] }
}

const MAX_LOG_BYTES = 5_000_000

/** Never through a link: the folder belongs to the server's user, and we may be root. */
const openLog = async ({ home, user }: Site): Promise<FileHandle> => {
  const path = logPath(home)
  const found = await stat(path).catch(() => undefined)
  if (found && found.size > MAX_LOG_BYTES) await rename(path, `${path}.1`)
  const { O_APPEND, O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants
  const append = O_APPEND | O_WRONLY | (O_NOFOLLOW ?? 0)
  if (found && found.size <= MAX_LOG_BYTES) return open(path, append)
  const log = await open(path, append | O_CREAT | O_EXCL, 0o600)
  if (user) await log.chown(user.uid, user.gid)
  return log
}
