import { readFileSync } from 'node:fs'

const LIMITS_FILE = '/proc/self/limits'

/**
 * How many files and connections this process may have open; undefined where the system sets no limit, or does not tell (Linux does, see
 * proc(5)).
 */
export const findOpenFilesLimit = (path = LIMITS_FILE): number | undefined => {
  try {
    const [, limit] = /^Max open files\s+(\d+)/m.exec(readFileSync(path, 'utf8')) ?? []
    return limit === undefined ? undefined : Number(limit)
  } catch {
    return undefined
  }
}
