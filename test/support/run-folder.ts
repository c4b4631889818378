import { rmSync } from 'node:fs'
import { chmod, readdir, readFile, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { mayServe, signalProcess } from '../../db/embedded/processes.ts'
import type { Release } from './services.ts'
import { makeTemporaryFolder } from './temporary-folder.ts'

const REMOVAL = { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }

/** Makes one folder the place for all temporary files of the run, so that an interrupted test leaves none. */
export const useRunFolder = async (environment: NodeJS.ProcessEnv): Promise<Release> => {
  const parent = environment.TMPDIR ?? (await findMemoryFolder()) ?? tmpdir()
  const { path } = await makeTemporaryFolder('run', parent)
  // As /tmp is: some tests run programs as another user.
  await chmod(path, 0o1777)
  environment.TMPDIR = path
  // An interrupted test goes on for as long as this process lives, and what it started a little longer.
  process.once('exit', () => rmSync(path, REMOVAL))
  return async () => {
    await killServersIn(path)
    await rm(path, REMOVAL)
  }
}

/** The embedded Postgres outlives the process that started it, as it must; here that is an interrupted test. */
const killServersIn = async (path: string) => {
  const files = await readdir(path, { recursive: true })
  for (const file of files.filter((name) => basename(name) === 'postmaster.pid')) {
    const pid = Number.parseInt(await readFile(join(path, file), 'utf8').catch(() => ''), 10)
    if (pid && (await mayServe(pid, dirname(join(path, file))))) signalProcess(pid, 'SIGQUIT')
  }
}

/** What Linux gives as files in memory. */
const MEMORY_FOLDER = '/dev/shm'

/** A run needs up to a third of it. */
const NEEDED_BYTES = 4 * 2 ** 30

/**
 * Each test file has a database of its own, of 300 files: made and removed on disk, they took a tenth of the run's
 * processor time.
 */
const findMemoryFolder = async (): Promise<string | undefined> => {
  const mounts = await readFile('/proc/self/mounts', 'utf8').catch(() => '')
  const mount = mounts.split('\n').find((line) => line.split(' ')[1] === MEMORY_FOLDER)
  // Programs are started from there too.
  if (!mount?.startsWith('tmpfs') || mount.includes('noexec')) return undefined
  const { bavail, bsize } = await statfs(MEMORY_FOLDER)
  return bavail * bsize >= NEEDED_BYTES ? MEMORY_FOLDER : undefined
}
