import { existsSync, readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

const LIBRARIES = '/usr/lib'

/** The library that gives a process another clock (Debian's `libfaketime`), to be preloaded; undefined where it is not installed. */
export const findFaketime = (): string | undefined =>
  existsSync(LIBRARIES)
    ? readdirSync(LIBRARIES)
        .map((folder) => join(LIBRARIES, folder, 'faketime', 'libfaketimeMT.so.1'))
        .find((path) => existsSync(path))
    : undefined

/** What the library leaves of a process that is killed. */
export const removeFaketimeRemains = async (pid: number | undefined): Promise<void> => {
  for (const name of [`faketime_shm_${pid}`, `sem.faketime_sem_${pid}`]) {
    await rm(join('/dev/shm', name), { force: true })
  }
}
