import { readdir, readFile, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { mayBePostgres, signalProcess } from '../../db/embedded/processes.ts'
import type { Release } from './services.ts'
import { makeTemporaryFolder } from './temporary-folder.ts'

/** Makes one folder the place for all temporary files of the run, so that an interrupted test leaves none. */
export const useRunFolder = async (environment: NodeJS.ProcessEnv): Promise<Release> => {
  const { path } = await makeTemporaryFolder('run')
  environment.TMPDIR = path
  return async () => {
    await killServersIn(path)
    await rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
}

/** The embedded Postgres outlives the process that started it, as it must; here that is an interrupted test. */
const killServersIn = async (path: string) => {
  const files = await readdir(path, { recursive: true })
  for (const file of files.filter((name) => basename(name) === 'postmaster.pid')) {
    const pid = Number.parseInt(await readFile(join(path, file), 'utf8').catch(() => ''), 10)
    if (pid && (await mayBePostgres(pid))) signalProcess(pid, 'SIGQUIT')
  }
}
