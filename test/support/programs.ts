import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The full path of a program, or undefined when it is not installed. */
export const findOnPath = (program: string): string | undefined =>
  [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/sbin']
    .map((folder) => join(folder, program))
    .find((path) => existsSync(path))
