import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const LIBRARIES = '/usr/lib'

/** The library that gives a process another clock (Debian's `libfaketime`), to be preloaded; undefined where it is not installed. */
export const findFaketime = (): string | undefined =>
  existsSync(LIBRARIES)
    ? readdirSync(LIBRARIES)
        .map((folder) => join(LIBRARIES, folder, 'faketime', 'libfaketimeMT.so.1'))
        .find((path) => existsSync(path))
    : undefined
