import type { Logger } from '../lib/logger.ts'
import { findOpenFilesLimit } from '../lib/open-files.ts'

/** For what is answered at once, Postgres, Redis, the store and files. */
const RESERVED_FILES = 500

/**
 * How many streams and waits may be open: as many as the settings say, and no more than the system lets the process have besides
 * everything else. Beyond that the system would refuse connections, whoever's they are.
 */
export const boundOpen = (
  wanted: number,
  logger: Pick<Logger, 'warn'>,
  limit = findOpenFilesLimit(),
): number => {
  if (limit === undefined || wanted <= limit - RESERVED_FILES) return wanted
  const open = Math.max(1, limit - RESERVED_FILES)
  logger.warn(
    { wanted, open, openFiles: limit },
    'MAX_OPEN is more than the system allows: raise its limit of open files (ulimit -n)',
  )
  return open
}
